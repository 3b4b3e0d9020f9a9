package server

import (
	"encoding/base64"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/api"
	"tocsin/fsm"
)

// The sizes of the pages of a list.
const (
	defaultPage = 1_000
	maxPage     = 10_000
	// pageRoom is about how many bytes a page may have: it ends there, though
	// the limit is not reached.
	pageRoom = 8 << 20
)

// pageLimit is the number of elements that a page of endpoints may have. The
// handler reads it, so that what is wrong with it is told in a sentence.
type pageLimit string

// Schema implements huma.SchemaProvider.
func (pageLimit) Schema(huma.Registry) *huma.Schema {
	return numberSchema(1, maxPage, defaultPage, "The most elements of the answer. There may be fewer, and more to come, where they are large: follow next.")
}

func (l pageLimit) number() (int, error) {
	return wholeNumber("limit", string(l), defaultPage, 1, maxPage)
}

func numberSchema(least, most float64, otherwise int, text string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most, Default: otherwise, Description: text}
}

// wholeNumber reads a parameter, or returns otherwise when it was not given.
func wholeNumber[N int | uint64](name, text string, otherwise, least, most N) (N, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || N(n) < least || N(n) > most {
		return 0, api.BadRequest("%s %q is not a whole number from %d to %d", name, text, least, most)
	}
	return N(n), nil
}

// page gathers what goes into one answer.
type page[T any] struct {
	items       []T
	limit, room int
}

func newPage[T any](limit int) *page[T] { return &page[T]{items: []T{}, limit: limit, room: pageRoom} }

// hasRoom reports whether one more of about size bytes fits. The first always
// does.
func (p *page[T]) hasRoom(size int) bool {
	return len(p.items) == 0 || len(p.items) < p.limit && size <= p.room
}

func (p *page[T]) add(item T, size int) {
	p.items = append(p.items, item)
	p.room -= size
}

// cursorAfter returns the word to go on with after key: nothing but the key, so
// that it stays good whatever comes and goes in between, and on every node.
func cursorAfter(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func keyOfCursor(cursor string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || cursor != "" && fsm.ValidateKey(string(key)) != nil {
		return "", api.BadRequest("cursor %.80q is none of ours: give what the field next of the page before says, as it is", cursor)
	}
	return string(key), nil
}
