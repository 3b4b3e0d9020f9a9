package verify_test

import (
	"net"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"tocsin/fsm"
)

// TestValidateTarget_RefusesNothingThatCouldBeChecked: whatever the net package
// would connect to may be the value of an endpoint.
func TestValidateTarget_RefusesNothingThatCouldBeChecked(t *testing.T) {
	values := rapid.OneOf(rapid.StringMatching(`(\[?[a-z0-9:%.]{0,6}\]?:?){1,2}[+-]?[0-9a-z]{0,5}`), rapid.StringMatching(`(http|https|HTTP|ftp)?:?/{0,3}[a-z0-9\[\]:@.]{0,12}[/?#a-z]{0,3}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		value := values.Draw(t, "value")
		if host, port, err := net.SplitHostPort(value); err == nil && host != "" {
			if n, err := net.LookupPort("tcp", port); err == nil && n != 0 {
				if err := fsm.ValidateTarget(fsm.CheckTCP, value); err != nil {
					t.Fatalf("tcp %q: %v", value, err)
				}
			}
		}
		if u, err := url.Parse(value); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Port() == "" {
			if err := fsm.ValidateTarget(fsm.CheckHTTP, value); err != nil {
				t.Fatalf("http %q: %v", value, err)
			}
		}
	})
}
