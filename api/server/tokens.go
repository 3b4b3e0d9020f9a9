package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/access"
	"tocsin/api"
	"tocsin/fsm"
)

const tokensPath = "/v1/tokens"

// maxTokenLife bounds how far away the end of a token may be, so that a slip
// does not make one that never ends.
const maxTokenLife = 10 * 365 * 24 * time.Hour

func (s *server) tokenOperations(to huma.API) {
	register(s, to, operation{
		method: http.MethodGet, path: tokensPath, id: "list-tokens", tag: "tokens",
		summary: "List tokens",
		text:    "All that are kept, the oldest first, those included that were revoked or have expired. What a token itself says is known to nobody but its holder.",
		answers: api.Tokens{Tokens: []api.Token{exampleToken()}},
	}, s.listTokens)
	register(s, to, operation{
		method: http.MethodPost, path: tokensPath, id: "create-token", tag: "tokens",
		summary: "Create a token",
		text: "The cluster keeps no more than the hash of a token. With id and hash, of a token that whoever asks has drawn, its secret never crosses the wire, and the request can be repeated: the same once more is the same token. " +
			"Without them the node draws one, and the answer has its text, this once; after an answer that was lost, revoke it by its name if the list shows it, and create it again. " +
			"The first token has to have the role admin, unless a certificate of that role asks: without one nobody could create another. From then on whoever asks has to show who they are: repeated by nobody, the request for the first is answered 401, and has been done.",
		takes:   api.TokenRequest{Name: "grafana", Role: access.Read, ExpiresIn: new(fsm.Duration(90 * 24 * time.Hour))},
		answers: api.TokenCreated{Token: exampleToken(), Text: "tocsin_mfzwizlt_…", Index: 17, Changed: true},
	}, s.createToken)
	register(s, to, operation{
		method: http.MethodDelete, path: tokensPath + "/{id}", id: "revoke-token", tag: "tokens",
		summary: "Revoke a token",
		text:    "No node lets it in once it has applied the change; the one that answers has. The last token with the role admin can't be revoked.",
		answers: api.TokenRevoked{ID: "mfzwizlt", Index: 18, Changed: true}, problems: []api.Code{api.CodeNotFound},
	}, s.revokeToken)
}

func exampleToken() api.Token {
	return api.Token{ID: "mfzwizlt", Name: "grafana", Role: access.Read, State: access.Valid, Created: exampleTime(), By: "anna", Expires: exampleTime().Add(90 * 24 * time.Hour)}
}

// shownToken leaves out the hash: it opens nothing, and nobody needs it.
func shownToken(r *access.Record, now time.Time) api.Token {
	return api.Token{ID: r.ID, Name: r.Name, Role: r.Role, State: r.State(now), Created: r.Created, By: r.By, Expires: r.Expires, Revoked: r.Revoked}
}

type tokensInput struct {
	Consistency consistency `query:"consistency"`
}

type tokensOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Tokens
}

func (s *server) listTokens(ctx context.Context, in *tokensInput) (*tokensOutput, error) {
	view, err := s.view(ctx, in.Consistency)
	if err != nil {
		return nil, err
	}
	out := &tokensOutput{Index: view.Index(), Body: api.Tokens{Tokens: []api.Token{}}}
	now := time.Now()
	for r := range view.Tokens() {
		out.Body.Tokens = append(out.Body.Tokens, shownToken(r, now))
	}
	slices.SortStableFunc(out.Body.Tokens, func(a, b api.Token) int {
		if order := a.Created.Compare(b.Created); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

type createTokenInput struct{ Sent sent }

type tokenCreatedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.TokenCreated
}

func (s *server) createToken(ctx context.Context, in *createTokenInput) (*tokenCreatedOutput, error) {
	var asked api.TokenRequest
	if err := decodeBody(in.Sent.body, maxBody, &asked); err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	record, text, err := tokenRecord(asked, now, access.From(ctx).Name())
	if err != nil {
		return nil, err
	}
	view, err := s.known()
	if err != nil {
		return nil, err
	}
	if err := keepsAnAdmin(view, access.From(ctx), record); err != nil {
		return nil, err
	}
	result, err := s.propose(ctx, fsm.CreateToken{Token: record})
	if err != nil {
		return nil, err
	}
	if kept, there := s.State.View().Token(record.ID); there {
		record = *kept // as it was created the first time
	}
	return &tokenCreatedOutput{Index: result.Index, Body: api.TokenCreated{
		Token: shownToken(&record, now), Text: text, Index: result.Index, Changed: result.Changed,
	}}, nil
}

// tokenRecord returns what the cluster is to keep of the token that is asked for at
// now, and the text of one that is drawn here.
func tokenRecord(r api.TokenRequest, now time.Time, by string) (kept access.Record, text string, err error) {
	kept = access.Record{ID: r.ID, Name: r.Name, Role: r.Role, Hash: r.Hash, Created: now, By: by}
	if r.ExpiresIn != nil {
		life := time.Duration(*r.ExpiresIn)
		if life < time.Minute || life > maxTokenLife {
			return kept, "", api.BadRequest("expires_in %v is not between 1m and %v: leave it out for a token that lasts until it is revoked", life, maxTokenLife)
		}
		kept.Expires = now.Add(life)
	}
	switch {
	case (r.ID == "") != (r.Hash == ""):
		return kept, "", api.BadRequest("id and hash belong together: give both of a token that you have drawn, or neither")
	case r.ID == "":
		drawn := access.NewToken()
		kept.ID, kept.Hash, text = drawn.ID(), drawn.Hash(), drawn.Reveal()
	}
	return kept, text, nil
}

// keepsAnAdmin refuses a token without the role admin where nobody is known to
// have that role: from the first token on everybody is asked, and nobody could
// create another. Who asks with a certificate or a token of that role is known.
func keepsAnAdmin(view *fsm.View, caller access.Caller, created access.Record) error {
	if created.Role == access.Admin || caller.May(access.Admin) {
		return nil
	}
	for r := range view.Tokens() {
		if r.Role == access.Admin && r.State(created.Created) == access.Valid {
			return nil
		}
	}
	return api.Faultf(api.CodeConflict, "there is no token with the role admin, and with this one alone nobody could create another, or change the cluster: create one with that role first (tocsin token create root --role admin)")
}

type revokeTokenInput struct {
	ID string `path:"id" doc:"The id of the token, or its name"`
}

type tokenRevokedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.TokenRevoked
}

func (s *server) revokeToken(ctx context.Context, in *revokeTokenInput) (*tokenRevokedOutput, error) {
	view, err := s.known()
	if err != nil {
		return nil, err
	}
	id := tokenOf(view, in.ID)
	result, err := s.propose(ctx, fsm.RevokeToken{ID: id, Time: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, err
	}
	return &tokenRevokedOutput{Index: result.Index, Body: api.TokenRevoked{ID: id, Index: result.Index, Changed: result.Changed}}, nil
}

// tokenOf returns the id of the token that is meant by its id or by its name. Of
// several of one name all but one are revoked.
func tokenOf(view *fsm.View, meant string) string {
	if _, ok := view.Token(meant); ok {
		return meant
	}
	id := meant
	for r := range view.Tokens() {
		if r.Name == meant && (id == meant || r.Revoked.IsZero()) {
			id = r.ID
		}
	}
	return id
}
