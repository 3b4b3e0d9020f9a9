package main_test

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLogs_KeysAreThoseOfTheReference: an attribute has the same name wherever
// it means the same, and the page that says what it means knows all of them.
func TestLogs_KeysAreThoseOfTheReference(t *testing.T) {
	page := filepath.Join("docs", "reference", "logs.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Attributes")
	documented := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(table, -1) {
		documented[row[1]] = true
	}
	used := make(map[string]string) // and where first
	for _, p := range packages(t) {
		for _, f := range p.files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					for _, key := range attributeKeys(call) {
						if used[key] == "" {
							used[key] = f.at(call)
						}
					}
				}
				return true
			})
		}
	}
	if len(used) < 30 {
		t.Errorf("only %d keys of attributes were found in the code", len(used))
	}
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if !documented[key] {
			t.Errorf("%s: %s does not know the attribute %q: take one of those that mean the same, or say there what it means", used[key], page, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(documented)) {
		if used[key] == "" {
			t.Errorf("%s tells of the attribute %q, and nothing logs it", page, key)
		}
	}
}

// attributeKeys returns the keys that a call gives to slog, none if it is another
// call. How many arguments come before them depends on the method.
func attributeKeys(call *ast.CallExpr) []string {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if from, ok := method.X.(*ast.Ident); ok && from.Name == "slog" {
		return keysOf(call.Args[:min(1, len(call.Args))]) // slog.String("key", …)
	}
	first, ok := map[string]int{"With": 0, "Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "Log": 3}[method.Sel.Name]
	if !ok || len(call.Args) <= first || call.Ellipsis.IsValid() {
		return nil
	}
	return keysOf(call.Args[first:])
}

// keysOf returns the keys among arguments as slog takes them: a key and a value
// in turn, and attributes, which say their own, in between.
func keysOf(arguments []ast.Expr) []string {
	var keys []string
	for i := 0; i < len(arguments); i++ {
		if literal, ok := arguments[i].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if key, err := strconv.Unquote(literal.Value); err == nil {
				keys = append(keys, key)
			}
			i++ // its value
		}
	}
	return keys
}
