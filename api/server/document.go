package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"tocsin/api"
)

// documentPath is where a node shows the OpenAPI document of /v1.
const documentPath = "/openapi.json"

const aboutTheAPI = `Tocsin over HTTP. Any node answers everything: reads from what it knows itself, writes through the leader.

Where a node asks who somebody is, send a token as Authorization: Bearer TOKEN; each operation says which role it needs.

What can't be done is answered with a problem of RFC 9457 (docs/reference/problems.md). Unknown query parameters and
unknown fields of bodies are refused. Clients must ignore fields of answers that they don't know: new ones may come.`

// newAPI returns the huma API whose operations become routes of the engine. Its
// own pages are off: one loads from elsewhere, and links to schemas would be in
// every answer.
func (s *server) newAPI(engine *gin.Engine) huma.API {
	format := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	to := huma.NewAPI(huma.Config{
		OpenAPI: &huma.OpenAPI{
			Info: &huma.Info{Title: "Tocsin", Version: "1", Description: aboutTheAPI},
			Tags: []*huma.Tag{
				{Name: "endpoints", Description: "What is watched"},
				{Name: "status", Description: "What the cluster holds, and why"},
				{Name: "holds", Description: "What holds changes back: pauses and maintenance windows"},
				{Name: "cluster", Description: "Who belongs to it, and its settings"},
				{Name: "node", Description: "The one node that is asked"},
				{Name: "tokens", Description: "Who may do what"},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}, adapter{engine, s})
	for of, word := range words() {
		to.OpenAPI().Components.Schemas.RegisterTypeAlias(of, word)
	}
	return to
}

// marshal writes nothing of what can't be written whole. Huma panics with its
// error: one of the connection is marked as what it is, see recover.
func marshal(to io.Writer, v any) error {
	var body bytes.Buffer
	if err := newEncoder(&body).Encode(v); err != nil {
		return unwritable{err}
	}
	if _, err := to.Write(body.Bytes()); err != nil {
		return fmt.Errorf("%w: %w", http.ErrAbortHandler, err)
	}
	return nil
}

// finish makes the document say what holds for all operations.
func finish(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own, which nothing answers with
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		neverNull(s)
	}
	describeSettings(schemas)
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{tokenScheme: {
		Type: "http", Scheme: "bearer", Description: "A token of Tocsin (tocsin_ID_SECRET), where the node asks who somebody is. Its role is named with each operation.",
	}}
	taken := map[string]bool{}
	doc.Components.Headers = map[string]*huma.Header{}
	for name, text := range stampTexts() {
		doc.Components.Headers[name] = &huma.Header{Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	for _, op := range operationsOf(doc) {
		if op.RequestBody != nil && op.RequestBody.Content[api.TypeJSON] != nil {
			mark(taken, schemas, op.RequestBody.Content[api.TypeJSON].Schema)
		}
		for _, p := range op.Parameters {
			neverNull(p.Schema)
		}
		for _, r := range op.Responses {
			if r.Headers == nil {
				r.Headers = map[string]*huma.Header{}
			}
			for name := range stampTexts() {
				r.Headers[name] = &huma.Header{Ref: "#/components/headers/" + name}
			}
		}
	}
	for name, s := range schemas {
		if !taken[name] && s.AdditionalProperties == false {
			s.AdditionalProperties = nil // answers may grow
		}
	}
}

func operationsOf(doc *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, path := range doc.Paths {
		all = append(all, path.Get, path.Put, path.Post, path.Patch, path.Delete)
	}
	return slices.DeleteFunc(all, func(op *huma.Operation) bool { return op == nil })
}

// neverNull says of the lists in s that they are lists: we write [] for none.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(of)
	}
}

// mark notes the names of the schemas that s leads to.
func mark(names map[string]bool, schemas map[string]*huma.Schema, s *huma.Schema) {
	if s == nil {
		return
	}
	if name := strings.TrimPrefix(s.Ref, "#/components/schemas/"); s.Ref != "" && !names[name] {
		names[name] = true
		mark(names, schemas, schemas[name])
	}
	mark(names, schemas, s.Items)
	for _, p := range s.Properties {
		mark(names, schemas, p)
	}
}

// serveDocument answers with the document, written once.
func serveDocument(doc *huma.OpenAPI) func(*gin.Context, url.Values) error {
	write := sync.OnceValues(func() ([]byte, error) {
		text, err := doc.MarshalJSON()
		if err != nil {
			return nil, err
		}
		var pretty bytes.Buffer
		err = json.Indent(&pretty, text, "", "  ")
		pretty.WriteByte('\n')
		return pretty.Bytes(), err
	})
	return func(c *gin.Context, _ url.Values) error {
		text, err := write()
		if err == nil {
			c.Data(http.StatusOK, "application/openapi+json", text)
		}
		return err
	}
}
