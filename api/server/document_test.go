package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tocsin/api"
)

var update = flag.Bool("update", false, "write the files that are generated from the code")

// golden holds that a file of the repository is what the code makes of it.
func golden(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", filepath.FromSlash(name))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the code says: run go test ./api -update, and look at what changes", name)
	}
}

func TestDocument_IsTheOneInTheDocs(t *testing.T) {
	a := newWorld(t).get("/openapi.json")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	golden(t, "docs/openapi.json", a.body)
}

func TestProblems_AreThoseInTheDocs(t *testing.T) {
	golden(t, "docs/reference/problems.md", api.ProblemsPage())
}

// document is the OpenAPI document as a client reads it.
type document struct {
	compiler *jsonschema.Compiler
	tree     map[string]any
	mu       sync.Mutex // guards compiled, and compiler
	compiled map[string]*jsonschema.Schema
}

var theDocument = sync.OnceValue(func() *document {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "openapi.json"))
	if err != nil {
		panic(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", tree); err != nil {
		panic(err)
	}
	return &document{compiler: c, tree: tree.(map[string]any), compiled: map[string]*jsonschema.Schema{}}
})

// schema returns what is at the path of names in the document.
func (d *document) schema(names ...string) (*jsonschema.Schema, error) {
	for i, name := range names {
		names[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	at := "openapi.json#/" + url.PathEscape(strings.Join(names, "/"))
	at = strings.ReplaceAll(at, "%2F", "/")
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.compiled[at]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(at)
	if err == nil {
		d.compiled[at] = s
	}
	return s, err
}

func child(tree any, names ...string) any {
	for _, name := range names {
		m, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		tree = m[name]
	}
	return tree
}

// operation returns the path template and method of a request, "" if the
// document has none that fits.
func (d *document) operation(method, target string) (template, name string) {
	path, _, _ := strings.Cut(target, "?")
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for template := range child(d.tree, "paths").(map[string]any) {
		before, rest, open := strings.Cut(template, "{")
		_, after, _ := strings.Cut(rest, "}")
		fits := path == template
		if open {
			key, ok := strings.CutPrefix(path, before)
			key, ends := strings.CutSuffix(key, after)
			fits = ok && ends && key != "" && !strings.Contains(key, "/")
		}
		if fits && child(d.tree, "paths", template, strings.ToLower(method)) != nil {
			return template, strings.ToLower(method)
		}
	}
	return "", ""
}

// conforms holds that an answer under /v1 is one that the document speaks of:
// its status, its type, its headers and its body.
func (d *document) conforms(t testing.TB, method, target string, a answer) {
	t.Helper()
	if !strings.HasPrefix(target, "/v1/") || strings.HasPrefix(target, "/v1/peer/") {
		return
	}
	for _, name := range []string{api.IndexHeader, api.LeaderHeader, api.ServedByHeader} {
		if _, ok := a.header[http.CanonicalHeaderKey(name)]; !ok {
			t.Errorf("%s %.60s: the answer has no %s", method, target, name)
		}
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		t.Errorf("%s %.60s: type %q", method, target, a.header.Get("Content-Type"))
	}
	template, name := d.operation(method, target)
	at := []string{"components", "schemas", "Problem"}
	if template != "" {
		at = []string{"paths", template, name, "responses", strconv.Itoa(a.status), "content", kind, "schema"}
	} else if kind != "application/problem+json" {
		t.Errorf("%s %.60s is not in the document, and is answered with %s", method, target, kind)
	}
	if child(d.tree, at...) == nil {
		t.Errorf("%s %.60s: the document knows no answer %d of type %s", method, target, a.status, kind)
		return
	}
	if method == http.MethodHead {
		return
	}
	schema, err := d.schema(at...)
	if err != nil {
		t.Fatal(err)
	}
	if kind == "application/octet-stream" {
		return // a file, of a format of its own
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		t.Errorf("%s %.60s: %v in %.200s", method, target, err, a.body)
		return
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("%s %.60s: the answer is not as the document says: %v\n%.2000s", method, target, err, a.body)
	}
}

// TestDocument_SaysEverything holds that each operation has all that a reader
// needs, and that the examples are of the shape that they are examples of.
func TestDocument_SaysEverything(t *testing.T) {
	d := theDocument()
	ids := map[string]bool{}
	for template, methods := range child(d.tree, "paths").(map[string]any) {
		for method, op := range methods.(map[string]any) {
			where := method + " " + template
			for _, field := range []string{"operationId", "summary", "description"} {
				if text, _ := child(op, field).(string); text == "" {
					t.Errorf("%s has no %s", where, field)
				}
			}
			id := child(op, "operationId").(string)
			if ids[id] {
				t.Errorf("two operations are called %s", id)
			}
			ids[id] = true
			if list, ok := child(op, "parameters").([]any); ok {
				for _, p := range list {
					if text, _ := child(p, "description").(string); text == "" {
						t.Errorf("%s: parameter %v has no description", where, child(p, "name"))
					}
				}
			}
			if child(op, "requestBody") != nil {
				d.exampleFits(t, "paths", template, method, "requestBody", "content", bodyKind(op))
			}
			if child(op, "responses", "200") == nil {
				t.Errorf("%s has no success", where)
			}
			for status, r := range child(op, "responses").(map[string]any) {
				for kind := range child(r, "content").(map[string]any) {
					d.exampleFits(t, "paths", template, method, "responses", status, "content", kind)
				}
			}
		}
	}
}

// TestDocument_DescribesEverySetting, also one that is added later.
func TestDocument_DescribesEverySetting(t *testing.T) {
	for _, schema := range []string{"Settings", "Overrides", "ClusterSettings"} {
		for name, p := range child(theDocument().tree, "components", "schemas", schema, "properties").(map[string]any) {
			if text, _ := child(p, "description").(string); text == "" {
				t.Errorf("%s %s has no description", schema, name)
			}
		}
	}
}

// bodyKind returns the one type of the body of an operation.
func bodyKind(op any) string {
	for kind := range child(op, "requestBody", "content").(map[string]any) {
		return kind
	}
	return ""
}

// exampleFits compares the examples of a body with its schema.
func (d *document) exampleFits(t *testing.T, at ...string) {
	t.Helper()
	content := child(d.tree, at...)
	var examples []any
	if e := child(content, "example"); e != nil {
		examples = append(examples, e)
	}
	if several, ok := child(content, "examples").(map[string]any); ok {
		for _, e := range several {
			examples = append(examples, child(e, "value"))
		}
	}
	if len(examples) == 0 {
		t.Errorf("%s has no example", strings.Join(at, " "))
	}
	schema, err := d.schema(append(slices.Clone(at), "schema")...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		if err := schema.Validate(e); err != nil {
			text, _ := json.Marshal(e)
			t.Errorf("%s: the example is not as its schema says: %v\n%s", strings.Join(at, " "), err, text)
		}
	}
}

// TestProblems_HaveAPage holds that the type of each problem leads somewhere.
func TestProblems_HaveAPage(t *testing.T) {
	w := newWorld(t)
	problem := func(a answer) api.Problem {
		var p api.Problem
		if err := json.Unmarshal([]byte(a.body), &p); err != nil {
			t.Fatalf("%v in %s", err, a.body)
		}
		return p
	}
	p := problem(w.get("/v1/endpoints/nothing"))
	if p.Status != 404 || p.Code != api.CodeNotFound || p.Type != "/problems/not-found" || p.Title == "" || !strings.Contains(p.Detail, "nothing") {
		t.Errorf("got %+v", p)
	}
	page := w.get(p.Type)
	page.wantWord(t, 200, "not-found", p.Title, "404")
	if !strings.Contains(api.ProblemsPage(), strings.SplitN(page.body, "\n\n", 2)[1]) {
		t.Errorf("the page in the docs does not have the text %q", page.body)
	}
	w.get("/problems/nothing").wantWord(t, 404, "newer node")
}
