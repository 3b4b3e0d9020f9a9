package server

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"tocsin/access"
	"tocsin/api"
)

// operation is what the document says of one operation beside what the types of
// its input and output say.
type operation struct {
	method, path, id, tag string
	summary, text         string
	// takes is an example of the body, of the type that it is read into; nil
	// for none. answers is an example of the answer.
	takes, answers any
	// problems are what else it can answer, beside those of readProblems or
	// changeProblems.
	problems []api.Code
	// file says that the answer is a file, or that the body is: no JSON.
	file, takesFile bool
	// streams is an example of an answer that is a stream of events.
	streams string
}

// readProblems is what every read can answer, changeProblems what every change
// can.
func readProblems() []api.Code {
	return []api.Code{api.CodeInvalid, api.CodeUnauthenticated, api.CodeForbidden, api.CodeTooMany, api.CodeCrossSite, api.CodeInternal, api.CodeNoLeader, api.CodeBehind, api.CodeUnavailable}
}

func changeProblems() []api.Code {
	return []api.Code{api.CodeInvalid, api.CodeUnauthenticated, api.CodeForbidden, api.CodeTooMany, api.CodeUnavailable, api.CodeCrossSite, api.CodeConflict, api.CodeUnmet, api.CodeIncomplete, api.CodeTooLarge, api.CodeInternal, api.CodeNoLeader, api.CodeBehind, api.CodeUncertain}
}

// register adds an operation to the document and to the routes. Huma reads the
// parameters, and checks none of them: what is wrong is told in our own words,
// by the handler.
func register[I, O any](s *server, to huma.API, o operation, handle func(context.Context, *I) (*O, error)) {
	schemas := to.OpenAPI().Components.Schemas
	need, _ := access.Needs(o.method, o.path) // that there is one is seen where it is mounted
	op := huma.Operation{
		Method: o.method, Path: o.path, OperationID: o.id, Tags: []string{o.tag},
		Summary: o.summary, Description: o.text + " " + roleText(need), Security: security(need),
		SkipValidateParams: true, SkipValidateBody: true,
		Responses: responsesOf(schemas, slices.Concat(o.common(), o.problems)),
	}
	huma.Register(to, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err == nil {
			return out, nil
		}
		p := api.ProblemOf(err)
		if p.Code == api.CodeInternal {
			s.log.Error("request failed", "operation", o.id, "err", err)
		}
		return nil, p
	})
	if o.file {
		op.Responses["200"].Content = map[string]*huma.MediaType{api.TypeBinary: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}, Example: "…"}}
	} else if o.streams != "" {
		op.Responses["200"].Content = map[string]*huma.MediaType{streamType: {Schema: &huma.Schema{Type: huma.TypeString}, Example: o.streams}}
	} else {
		op.Responses["200"].Content[api.TypeJSON].Example = o.answers
	}
	if o.takesFile {
		documented(to.OpenAPI(), o).RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			api.TypeBinary: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}, Example: "…"},
		}}
	}
	if o.takes != nil {
		// Only now, or huma would read the body.
		documented(to.OpenAPI(), o).RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			api.TypeJSON: {Schema: schemas.Schema(reflect.TypeOf(o.takes), true, ""), Example: o.takes},
		}}
	}
}

// documented returns what the document holds about the operation.
func documented(doc *huma.OpenAPI, o operation) *huma.Operation {
	for _, op := range operationsOf(doc) {
		if op.OperationID == o.id {
			return op
		}
	}
	panic("operation " + o.id + " is not in the document") // it was just added
}

// roleText says which role an operation needs, security says it to programs.
func roleText(need access.Role) string { return "Role: " + string(need) + "." }

func security(need access.Role) []map[string][]string {
	return []map[string][]string{{tokenScheme: {string(need)}}}
}

// tokenScheme is what the document calls a token.
const tokenScheme = "token"

func (o operation) common() []api.Code {
	if o.method == http.MethodGet {
		return readProblems()
	}
	return changeProblems()
}

// responsesOf documents problems, those of one status together.
func responsesOf(schemas huma.Registry, problems []api.Code) map[string]*huma.Response {
	responses := map[string]*huma.Response{"200": {Description: "What was asked for is in the answer, or was done"}}
	schema := schemas.Schema(reflect.TypeFor[api.Problem](), true, "")
	for _, k := range api.Kinds() {
		if !slices.Contains(problems, k.Code) {
			continue
		}
		status := strconv.Itoa(k.Status)
		if responses[status] == nil {
			responses[status] = &huma.Response{Content: map[string]*huma.MediaType{
				api.ProblemType: {Schema: schema, Examples: map[string]*huma.Example{}},
			}}
		}
		r := responses[status]
		r.Description = strings.TrimPrefix(r.Description+"; "+string(k.Code)+": "+k.Title, "; ")
		r.Content[api.ProblemType].Examples[string(k.Code)] = &huma.Example{Value: api.NewProblem(k.Code, firstSentence(k.Text))}
	}
	return responses
}

func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// sent is what huma leaves unread for the handler: who asks, the body, and by
// what it comes. As a field of an input it is filled before the handler runs.
type sent struct {
	from string
	body io.Reader
	by   *gin.Context
}

// Resolve implements huma.Resolver.
func (r *sent) Resolve(ctx huma.Context) []error {
	r.from, r.body, r.by = ctx.RemoteAddr(), bodyOf(ctx.Context(), ctx.BodyReader()), humagin.Unwrap(ctx)
	return nil
}
