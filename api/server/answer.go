package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/api"
)

// writeText answers with text as it is: no newline is added, for the text may
// be somebody's value.
func writeText(c *gin.Context, status int, text string) {
	c.Data(status, "text/plain; charset=utf-8", []byte(text))
}

func ok(c *gin.Context) error {
	writeText(c, http.StatusOK, "ok")
	return nil
}

// writeJSON answers with one value that is made at once.
func writeJSON(c *gin.Context, status int, kind string, value any) {
	var body bytes.Buffer
	if err := newEncoder(&body).Encode(value); err != nil {
		// Only a mistake of ours gets here, see unwritable.
		c.Data(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("the answer can't be written as JSON: "+err.Error()+"\n"))
		return
	}
	c.Data(status, kind, body.Bytes())
}

const jsonType = "application/json; charset=utf-8"

// newEncoder leaves <, > and & as they are: URLs are to be read, and the
// answer says that it is no HTML.
func newEncoder(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}

// stream writes a long JSON answer piece by piece, so that no answer needs the
// memory of all of it. The first error stays and ends the writing.
type stream struct {
	to      *bufio.Writer
	piece   bytes.Buffer
	encoder *json.Encoder
	more    bool // something stands in the list already
	err     error
}

func newStream(c *gin.Context) *stream {
	c.Header("Content-Type", jsonType)
	c.Status(http.StatusOK)
	s := &stream{to: bufio.NewWriterSize(c.Writer, 16<<10)}
	s.encoder = newEncoder(&s.piece)
	return s
}

// raw writes text that is JSON already.
func (s *stream) raw(text string) {
	if s.err == nil {
		_, s.err = s.to.WriteString(text)
	}
}

// value writes one value.
func (s *stream) value(v any) {
	if s.err != nil {
		return
	}
	s.piece.Reset()
	if err := s.encoder.Encode(v); err != nil {
		s.err = unwritable{err}
		return
	}
	_, s.err = s.to.Write(bytes.TrimSuffix(s.piece.Bytes(), []byte("\n")))
}

// unwritable is the error of a value that JSON has no form for. The values are
// our own structs, so it is a mistake of ours, where any other error of a
// stream is that of the connection.
type unwritable struct{ error }

func (u unwritable) Unwrap() error { return u.error }

// member writes the next name and value of an object. It returns false when
// there is no use in going on.
func (s *stream) member(name string, v any) bool {
	s.comma()
	s.value(name)
	s.raw(":")
	s.value(v)
	return s.err == nil
}

func (s *stream) comma() {
	if s.more {
		s.raw(",")
	}
	s.more = true
}

// end writes what is left and returns the first error.
func (s *stream) end(text string) error {
	s.raw(text)
	if s.err == nil {
		s.err = s.to.Flush()
	}
	return s.err
}

// fail answers with err: a Problem under /v1, one line of text elsewhere.
func fail(c *gin.Context, err error) {
	p := api.ProblemOf(err)
	c.Writer.Header().Del("Content-Type") // of an answer that did not come to be
	for name, values := range p.GetHeaders() {
		c.Header(name, values[0])
	}
	if !strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		writeText(c, p.Status, p.Detail+"\n")
		return
	}
	writeJSON(c, p.Status, api.ProblemType, p)
}
