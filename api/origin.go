package api

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
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
		return faultf(CodeCrossSite, "this comes from a web page elsewhere (Sec-Fetch-Site is %q): %s", site, remedy)
	}
	if origin := r.Header.Get("Origin"); origin != "" && !strings.EqualFold(hostOf(origin), r.Host) {
		return faultf(CodeCrossSite, "this comes from a web page of %q, and this is %q: %s", origin, r.Host, remedy)
	}
	return nil
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
		return faultf(CodeMediaType, "this path is for the nodes among themselves, and takes the Content-Type %s", must)
	}
	return nil
}
