package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"tocsin/config"
)

// The forms in which data are shown.
const (
	AsTable = "table"
	AsJSON  = "json"
	AsYAML  = "yaml"
)

// Render returns data in a form: raw, which is JSON, for programs, and else what
// draw makes of it for people, with colours if to is a terminal.
func Render(form string, raw []byte, to io.Writer, draw func(*Screen)) ([]byte, error) {
	switch form {
	case AsJSON:
		return indented(raw)
	case AsYAML:
		return config.YAML(raw)
	}
	s := New(to)
	draw(s)
	return s.Bytes(), nil
}

func indented(raw []byte) ([]byte, error) {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, bytes.TrimSpace(raw), "", "  "); err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}
