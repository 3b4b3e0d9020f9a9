package dossier

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"tocsin/redact"
)

const (
	// maxPart and maxWhole bound a file of the archive, and all of them, before
	// they are compressed, in bytes.
	maxPart  = 8 << 20
	maxWhole = 64 << 20
)

// Writer writes an archive. After the first error it writes no more.
type Writer struct {
	folder  string
	at      time.Time
	packed  *gzip.Writer
	tar     *tar.Writer
	left    int // bytes that may still be written
	missing []string
	err     error
}

// NewWriter begins an archive whose files lie in folder and are of that time.
func NewWriter(to io.Writer, folder string, at time.Time) *Writer {
	packed := gzip.NewWriter(to)
	return &Writer{folder: folder, at: at, packed: packed, tar: tar.NewWriter(packed), left: maxWhole}
}

// JSON adds a JSON text, Text any other; both without secrets.
func (w *Writer) JSON(name string, content []byte) { w.add(name, redact.JSON(content)) }

// Text adds a text without secrets.
func (w *Writer) Text(name string, content []byte) { w.add(name, []byte(redact.Text(string(content)))) }

// Missing notes what could not be had, and why.
func (w *Writer) Missing(name, why string) {
	w.missing = append(w.missing, fmt.Sprintf("%s: %s", name, redact.Text(why)))
}

// add writes a file, as much of it as there is room for.
func (w *Writer) add(name string, content []byte) {
	if room := min(maxPart, w.left); len(content) > room {
		w.Missing(name, fmt.Sprintf("only the last %d of its %d bytes are here", room, len(content)))
		content = content[len(content)-room:]
	}
	w.left -= len(content)
	w.write(name, content)
}

func (w *Writer) write(name string, content []byte) {
	if w.err != nil {
		return
	}
	w.err = w.tar.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: path.Join(w.folder, safe(name)), Mode: 0o600, Size: int64(len(content)), ModTime: w.at,
	})
	if w.err == nil {
		_, w.err = io.Copy(w.tar, bytes.NewReader(content))
	}
}

// safe is a name that stays within the folder: names of nodes come from others.
func safe(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if part == "" || part == "." || part == ".." {
			parts[i] = "_"
		}
	}
	return strings.Join(parts, "/")
}

// Close ends the archive with what is missing, and returns the first error.
func (w *Writer) Close() error {
	if len(w.missing) > 0 {
		w.write("MISSING.txt", []byte(strings.Join(w.missing, "\n")+"\n"))
	}
	if w.err == nil {
		w.err = w.tar.Close()
	}
	if w.err == nil {
		w.err = w.packed.Close()
	}
	return w.err
}
