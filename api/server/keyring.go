package server

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/fsm"
	"tocsin/keyring"
)

const (
	keyringPath = "/v1/keyring"
	gossipKey   = keyringPath + "/{key}"
	// keyringWait is how long a node may take to change its keys: it writes a file.
	keyringWait = 5 * time.Second
)

func (s *server) keyringOperations(to huma.API) {
	const each = "Every node is asked by the one that answers, does it in its file and in its gossip, and is shown with what became of it. What is so already is done, so it can be repeated. Who belongs to the cluster is asked of a leader that a majority has confirmed, so it takes one. "
	changed := api.KeyringChanged{Fingerprint: exampleFingerprint, Nodes: []api.NodeRekeyed{{Node: "node1", Done: true}, {Node: "node2", Problem: "it can't be reached: it is down, or cut off from here"}}}
	done := api.KeyringChanged{Fingerprint: exampleFingerprint, Complete: true, Nodes: []api.NodeRekeyed{{Node: "node1", Done: true}, {Node: "node2", Done: true}}}
	register(s, to, operation{
		method: http.MethodGet, path: keyringPath, id: "get-keyring", tag: "cluster",
		summary: "The keys that the gossip is encrypted by", text: "By their fingerprints, with the nodes that have each of them, and those that send by it. Every node is asked. One whose file says something else than what it goes by is shown with that, and with what to do.",
		answers: api.Keyring{
			Keys:  []api.GossipKey{{Fingerprint: exampleFingerprint, Installed: []string{"node1"}, Primary: []string{"node1"}}},
			Nodes: []api.NodeKeys{{Node: "node1", Keys: []keyring.Fingerprint{exampleFingerprint}}, {Node: "node2", Keys: []keyring.Fingerprint{}, Silent: "it did not answer within 2s"}},
		},
		problems: []api.Code{api.CodeBusy},
	}, s.getKeyring)
	register(s, to, operation{
		method: http.MethodPost, path: keyringPath, id: "install-key", tag: "cluster",
		summary: "Install a gossip key on all nodes", text: each + "From then on a node opens by it what comes, and sends by the one that it had.",
		takes: api.KeyringRequest{Key: "7xvJ4hH0n1p7cVq4oJ8vM5w3VvSPyTg1mIhW3QK0q2E="}, answers: changed, problems: []api.Code{api.CodeBusy},
	}, s.installKey)
	register(s, to, operation{
		method: http.MethodPost, path: gossipKey + "/use", id: "use-key", tag: "cluster",
		summary: "Send by another gossip key", text: each + "It is refused while a node does not have the key. If one does not answer, or has a file that says something else, it is refused too, unless force is true.",
		answers: done, problems: []api.Code{api.CodeBusy},
	}, s.useKey)
	register(s, to, operation{
		method: http.MethodDelete, path: gossipKey, id: "remove-key", tag: "cluster",
		summary: "Remove a gossip key from all nodes", text: each + "It is refused while a node sends by the key. If one does not answer, or has a file that says something else, it is refused too, unless force is true.",
		answers: done, problems: []api.Code{api.CodeBusy},
	}, s.removeKey)
}

const exampleFingerprint keyring.Fingerprint = "3f9a1c0d22b04e11"

type keyringOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.Keyring
}

func (s *server) getKeyring(ctx context.Context, _ *struct{}) (*keyringOutput, error) {
	view, err := s.known()
	if err != nil {
		return nil, err
	}
	standing, err := s.standing(ctx, view)
	if err != nil {
		return nil, err
	}
	return &keyringOutput{view.Index(), keyringOf(standing)}, nil
}

// keyringOf is what is shown of a standing.
func keyringOf(standing keyring.Standing) api.Keyring {
	shown := api.Keyring{Keys: []api.GossipKey{}, Nodes: []api.NodeKeys{}}
	for _, k := range standing.Keys() {
		shown.Keys = append(shown.Keys, api.GossipKey{Fingerprint: k.Fingerprint, Installed: k.Installed, Primary: append([]string{}, k.Primary...)})
	}
	for node, keys := range standing.Rings {
		n := api.NodeKeys{Node: node, Keys: keys}
		if stray, ok := standing.Files[node]; ok {
			n.File = &api.StrayKeys{Stray: stray}
			n.File.Text, n.File.Remedy = standing.Mend(node)
		}
		shown.Nodes = append(shown.Nodes, n)
	}
	for node, why := range standing.Silent {
		shown.Nodes = append(shown.Nodes, api.NodeKeys{Node: node, Keys: []keyring.Fingerprint{}, Silent: why})
	}
	slices.SortFunc(shown.Nodes, func(a, b api.NodeKeys) int { return strings.Compare(a.Node, b.Node) })
	return shown
}

// standing asks every node of view for its keys.
func (s *server) standing(ctx context.Context, view *fsm.View) (keyring.Standing, error) {
	self := func(context.Context) (peer.RingReport, error) { return s.lookAtKeys(), nil }
	other := func(ctx context.Context, o *fsm.Observer) (peer.RingReport, error) {
		report, err := s.Peers.GossipKeys(ctx, o.HTTP)
		return report, cmp.Or(err, mistaken(o, report.Node))
	}
	all, err := gather(ctx, s, view, api.AccountWait, self, other)
	standing := keyring.NewStanding()
	for node, h := range all {
		if h.silent != "" {
			standing.Silent[node] = h.silent
		} else {
			standing.Hear(node, h.answer.Held)
		}
	}
	return standing, err
}

// rekey asks every node for a change of its keys.
func (s *server) rekey(ctx context.Context, view *fsm.View, wait time.Duration, change keyring.Change) (map[string]heard[peer.RingReport], error) {
	self := func(context.Context) (peer.RingReport, error) { return s.changeKeys(change) }
	other := func(ctx context.Context, o *fsm.Observer) (peer.RingReport, error) {
		report, err := s.Peers.ChangeKeys(ctx, o.HTTP, change)
		return report, cmp.Or(err, mistaken(o, report.Node))
	}
	return gather(ctx, s, view, wait, self, other)
}

type installKeyInput struct{ Sent sent }

type changeKeyInput struct {
	Key   string `path:"key" doc:"The fingerprint of the key" example:"3f9a1c0d22b04e11"`
	Force string `query:"force" enum:"true,false" default:"false" doc:"true: go on without the nodes that don't answer, and those whose files say something else"`
	Sent  sent
}

type keyringChangedOutput struct {
	Index uint64 `header:"Tocsin-Index"`
	Body  api.KeyringChanged
}

func (s *server) installKey(ctx context.Context, in *installKeyInput) (*keyringChangedOutput, error) {
	var asked api.KeyringRequest
	if err := decodeBody(in.Sent.body, maxBody, &asked); err != nil {
		return nil, err
	}
	key, err := keyring.ParseKey(asked.Key)
	if err != nil {
		return nil, api.BadRequest("key: %v", err)
	}
	return s.change(ctx, keyring.Change{Step: keyring.Install, Key: key}, key.Fingerprint(), "false", in.Sent)
}

func (s *server) useKey(ctx context.Context, in *changeKeyInput) (*keyringChangedOutput, error) {
	f := keyring.Fingerprint(in.Key)
	return s.change(ctx, keyring.Change{Step: keyring.Use, Fingerprint: f}, f, in.Force, in.Sent)
}

func (s *server) removeKey(ctx context.Context, in *changeKeyInput) (*keyringChangedOutput, error) {
	f := keyring.Fingerprint(in.Key)
	return s.change(ctx, keyring.Change{Step: keyring.Remove, Fingerprint: f}, f, in.Force, in.Sent)
}

// change has every node do it, unless that would part the nodes. Who belongs to them
// is asked of a leader that a majority has confirmed: one that this node has not heard
// of yet would be parted by what was safe for the others.
func (s *server) change(ctx context.Context, change keyring.Change, f keyring.Fingerprint, force string, asked sent) (*keyringChangedOutput, error) {
	without, err := yesOrNo("force", force)
	if err != nil {
		return nil, err
	}
	view, err := s.view(ctx, linearizable)
	if err != nil {
		return nil, err
	}
	standing, err := s.standing(ctx, view)
	if err != nil {
		return nil, err
	}
	if err := standing.Refuses(change.Step, f, without); err != nil {
		return nil, api.Faultf(api.CodeConflict, "%s", err.Error())
	}
	all, err := s.rekey(ctx, view, keyringWait, change)
	if err != nil {
		return nil, err
	}
	done := api.KeyringChanged{Fingerprint: f, Complete: true, Nodes: []api.NodeRekeyed{}}
	for _, node := range slices.Sorted(maps.Keys(all)) {
		problem := all[node].silent
		done.Nodes = append(done.Nodes, api.NodeRekeyed{Node: node, Done: problem == "", Problem: problem})
		done.Complete = done.Complete && problem == ""
	}
	s.tellRekeyed(ctx, string(change.Step)+"-key", asked.from, done, func(node string) bool {
		return !slices.Equal(standing.Rings[node], all[node].answer.Keys)
	})
	return &keyringChangedOutput{view.Index(), done}, nil
}

// tellRekeyed logs which nodes have other keys now, and which could not be brought
// to it: those don't hear the others in the end. Where all was so already, nothing
// is told.
func (s *server) tellRekeyed(ctx context.Context, operation, from string, done api.KeyringChanged, other func(node string) bool) {
	changed, failed := []string{}, []string{}
	for _, n := range done.Nodes {
		switch {
		case !n.Done:
			failed = append(failed, n.Node)
		case other(n.Node):
			changed = append(changed, n.Node)
		}
	}
	level, message := slog.LevelInfo, "the gossip keys were changed by hand"
	switch {
	case len(failed) > 0:
		level, message = slog.LevelWarn, "the gossip keys could not be changed on all nodes: see \"tocsin keyring list\", and repeat it"
	case len(changed) == 0:
		return
	}
	s.log.Log(ctx, level, message, "operation", operation, "gossip_key", done.Fingerprint, "nodes", changed, "failed", failed, "by", by(ctx), "from_address", from)
}
