package server

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"tocsin/api"
)

// notFromAPage refuses a request that a browser sends on behalf of a page that
// is not ours. The original writes with GET, which any page in the world can
// have the browser of an operator send, with no more than an image's address;
// and a form can post to the nodes' own paths. A browser can't be kept from
// sending such a request, but it says where it comes from, and a page can't
// change what it says. Programs say nothing, and are let through.
func notFromAPage(r *http.Request) error {
	const remedy = "a write is taken from a program, or from an address that you type, not from a page of another origin"
	// "none" is what an operator does by hand: an address typed, a bookmark.
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "same-origin", "none":
	default:
		return api.Faultf(api.CodeCrossSite, "this comes from a web page elsewhere (Sec-Fetch-Site is %q): %s", site, remedy)
	}
	if origin := r.Header.Get("Origin"); origin != "" && !strings.EqualFold(hostOf(origin), r.Host) {
		return api.Faultf(api.CodeCrossSite, "this comes from a web page of %q, and this is %q: %s", origin, r.Host, remedy)
	}
	return nil
}

// byAForeignName refuses a request to a node that only its own machine reaches, by a
// name that anybody can have registered. A page can have its own name lead to this
// machine (DNS rebinding); to the browser we are then its origin, and it may write,
// and read what we answer. It can't do so by an address, nor by a name without a
// dot. Whoever has proven something is no such page, for it has nothing to show.
func byAForeignName(r *http.Request) error {
	if name := hostName(r.Host); name != "" && !ownName(name) {
		return api.Faultf(api.CodeCrossSite, "this asks for %.80q, and the node listens on this machine alone, where a web page elsewhere can have made that name lead to: ask for 127.0.0.1 or localhost, have a proxy send that as Host, or let those who ask show a token (--auth on)", name)
	}
	return nil
}

// hostName returns the name or address in a Host header, without the port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// ownName reports whether a name can't have been made to lead here by a stranger.
func ownName(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil || !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") || name == "localhost.localdomain"
}

// hostOf returns host and port of an origin, "" if it has none, as "null" has
// not. The scheme is left out: behind a proxy it is not the one we are spoken
// to with.
func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Host
}

// ofType refuses a body that is not said to be of the type that it must have;
// any will do where that is "". A page can send other types than those of forms
// only after it has asked, and nobody here says yes to it.
func ofType(r *http.Request, must string) error {
	if must == "" {
		return nil
	}
	if is, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || is != must {
		return api.Faultf(api.CodeMediaType, "this path is for the nodes among themselves, and takes the Content-Type %s", must)
	}
	return nil
}
