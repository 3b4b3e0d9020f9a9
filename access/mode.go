package access

import "fmt"

// Mode says when a node asks who somebody is.
type Mode string

// The modes.
const (
	// Auto asks as soon as there is something to show: a token in the cluster, or
	// a certificate, or a token that the node was given for the others.
	Auto Mode = "auto"
	// On always asks: without a token or a certificate nobody comes in.
	On Mode = "on"
	// Off never asks: whoever reaches the node may do everything.
	Off Mode = "off"
)

// ParseMode reads auto, on or off.
func ParseMode(text string) (Mode, error) {
	switch m := Mode(text); m {
	case Auto, On, Off:
		return m, nil
	}
	return "", fmt.Errorf("%.40q is none of auto, on and off", text)
}

// Asks reports whether a node of that mode asks who somebody is, if there is
// something to show.
func (m Mode) Asks(something bool) bool { return m == On || m != Off && something }
