package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"text/template"
)

// MaxText is the most that a template may make, in bytes.
const MaxText = 16 << 20

// Text returns what the template makes of data. A field that is not there is an
// error, and not "<no value>" in a file that a service reads. All errors are
// GiveUps.
func Text(name, source string, data map[string]any) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions(data)).Parse(source)
	if err != nil {
		return nil, GiveUp{Err: err}
	}
	out := bounded{most: MaxText}
	if err := t.Execute(&out, data); err != nil {
		return nil, GiveUp{Err: err}
	}
	return out.Bytes(), nil
}

// bounded is a buffer that refuses to grow without end.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, fmt.Errorf("it makes more than %d bytes", b.most)
	}
	return b.Buffer.Write(p)
}

// functions are what a template can call beside those that all have. Arguments
// come in the order in which a pipe hands them on: {{ .value | host }},
// {{ .value | default "none" }}.
func functions(data map[string]any) template.FuncMap {
	return template.FuncMap{
		"env":       os.Getenv,
		"endpoint":  func(key string) (any, error) { return endpoint(data, key) },
		"default":   orDefault,
		"host":      func(value string) (string, error) { host, _, err := hostPort(value); return host, err },
		"port":      port,
		"quote":     quote,
		"json":      asJSON,
		"lower":     strings.ToLower,
		"upper":     strings.ToUpper,
		"trim":      strings.TrimSpace,
		"split":     func(by, text string) []string { return strings.Split(text, by) },
		"join":      func(by string, words []string) string { return strings.Join(words, by) },
		"replace":   func(from, to, text string) string { return strings.ReplaceAll(text, from, to) },
		"contains":  func(part, text string) bool { return strings.Contains(text, part) },
		"hasPrefix": func(prefix, text string) bool { return strings.HasPrefix(text, prefix) },
		"hasSuffix": func(suffix, text string) bool { return strings.HasSuffix(text, suffix) },
	}
}

// endpoint returns the endpoint called key out of the status.
func endpoint(data map[string]any, key string) (any, error) {
	all, ok := data["endpoints"].([]any)
	if !ok {
		return nil, errors.New("the status of the endpoints was not asked for: add --status")
	}
	for _, e := range all {
		if fields, ok := e.(map[string]any); ok && fields["key"] == key {
			return fields, nil
		}
	}
	return nil, fmt.Errorf("there is no endpoint %q", key)
}

func orDefault(instead, given any) any {
	if given == nil || given == "" {
		return instead
	}
	return given
}

// hostPort takes a value apart that is host:port, a URL, or a host. What is none
// is refused: it would end up in somebody's configuration.
func hostPort(value string) (host, port string, err error) {
	rest := value
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		rest, port = u.Host, map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host = strings.Trim(rest, "[]")
	if h, p, err := net.SplitHostPort(rest); err == nil {
		host, port = h, p
	}
	if host == "" || strings.Trim(host, hostLetters) != "" || strings.Trim(port, portLetters) != "" {
		return "", "", fmt.Errorf("%q is no host:port, URL or host", value)
	}
	return host, port, nil
}

const (
	portLetters = "0123456789"
	hostLetters = portLetters + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:%"
)

func port(value string) (string, error) {
	_, port, err := hostPort(value)
	if err == nil && port == "" {
		err = fmt.Errorf("%q has no port", value)
	}
	return port, err
}

// quote makes one word for a shell, or for the right side of an assignment that
// a shell reads.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func asJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
