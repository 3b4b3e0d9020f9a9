package server

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// adapter is how huma's operations become routes of ours, let in by the same
// rules as all others. It implements huma.Adapter.
type adapter struct {
	*gin.Engine
	server *server
}

// Handle implements huma.Adapter.
func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	a.server.mount(a.Engine, route{
		method: op.Method, path: ginPath(op.Path), known: queryOf(op), writes: op.Method != http.MethodGet,
		handle: func(c *gin.Context, query url.Values) error {
			if query.Has("index") {
				allowTime(c, maxWait+time.Minute)
			}
			if err := unescapePath(c); err != nil {
				return err
			}
			handler(humagin.NewContext(op, c))
			return nil
		},
	})
}

// ginPath writes a path as gin does. A colon there begins a parameter, unless
// it is escaped.
func ginPath(path string) string {
	return strings.NewReplacer(":", `\:`, "{", ":", "}", "").Replace(path)
}

// queryOf returns the query parameters that the document says op has.
func queryOf(op *huma.Operation) []parameter {
	var known []parameter
	for _, p := range op.Parameters {
		if p.In == "query" {
			anyText := p.Schema.Type == huma.TypeString && p.Schema.MinLength == nil && p.Schema.Enum == nil
			known = append(known, parameter{name: p.Name, many: p.Schema.Type == huma.TypeArray, empty: anyText})
		}
	}
	return known
}

// unescapePath leaves each part of the path that the route names unescaped
// once, as pathKey does.
func unescapePath(c *gin.Context) error {
	for i := range c.Params {
		value, err := pathKey(c, c.Params[i].Key)
		if err != nil {
			return err
		}
		c.Params[i].Value = value
	}
	return nil
}
