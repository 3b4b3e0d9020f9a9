package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tocsin/redact"
)

func TestIsSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "db_password": true, "dbPassword": true, "API-KEY": true, "gossip_key": true, "settings.token": true, "Authorization": true,
		"key": false, "keys": false, "value": false, "max_voters": false, "passwords_checked": false, "node": false, "": false,
	} {
		if got := redact.IsSecret(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"nothing to hide":                             "nothing to hide",
		"the token expired":                           "the token expired",
		"key=web value=http://10.0.0.1/health":        "key=web value=http://10.0.0.1/health",
		"postgres://u:hunter2@db1:5432/x?sslmode=off": "postgres://u:(removed)@db1:5432/x?sslmode=off",
		"http://10.0.0.1/?token=hunter2&x=1":          "http://10.0.0.1/?token=(removed)&x=1",
		"mysql -u root --password hunter2 -e x":       "mysql -u root --password (removed) -e x",
		"PGPASSWORD=hunter2 psql":                     "PGPASSWORD=(removed) psql",
		"Authorization: Bearer hunter2hunter2":        "Authorization: Bearer (removed)",
		`{"password":"hunter2","x":1}`:                `{"password":"(removed)","x":1}`,
		`said {\"secret\":\"hunter2\"}`:               `said {\"secret\":\"(removed)\"}`,
		"-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\nmore": "(removed)\nmore",
		"-----BEGIN PRIVATE KEY-----\nhunter2 and cut off":                            "(removed)",
		"password=": "password=",
	} {
		got := redact.Text(text)
		if got != want {
			t.Errorf("%q becomes\n%q, want\n%q", text, got, want)
		}
		if again := redact.Text(got); again != got {
			t.Errorf("%q is not left alone the second time: %q", got, again)
		}
	}
}

func TestJSON(t *testing.T) {
	got := string(redact.JSON([]byte(`{"key":"web","index":9007199254740993,"labels":{"db_password":"hunter2"},"tokens":["hunter2",7],
		"value":"redis://:hunter2@h","nested":[{"setting":"gossip_key","value":"hunter2"},{"setting":"node","value":"n1"}],"output":"token: hunter2"}`)))
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "9007199254740993") || !strings.Contains(got, `"n1"`) || !strings.Contains(got, `"web"`) || !json.Valid([]byte(got)) {
		t.Errorf("got %s", got)
	}
	if got := string(redact.JSON([]byte("no JSON, password=hunter2\n"))); got != "no JSON, password=(removed)\n" {
		t.Errorf("got %q", got)
	}
}

// FuzzJSON: what was JSON is JSON, and a secret in it is gone.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":[1,{"password":"x"}]}`)
	f.Add(`"x`)
	f.Add(`{"a":1}{"b":2}`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := redact.JSON([]byte(text)); json.Valid([]byte(text)) && !json.Valid(got) {
			t.Errorf("%q becomes %q", text, got)
		}
		wrapped, err := json.Marshal(map[string]any{"password": "hunter2-hunter2", "other": text})
		if err != nil {
			t.Fatal(err)
		}
		if got := redact.JSON(wrapped); strings.Contains(string(got), "hunter2-hunter2") && !strings.Contains(text, "hunter2-hunter2") {
			t.Errorf("%s becomes %s", wrapped, got)
		}
	})
}
