package connlimit_test

import (
	"testing"

	"tocsin/connlimit"
)

func TestSource(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:6000":                  "192.0.2.7",
		"192.0.2.7":                       "192.0.2.7",
		"[::ffff:192.0.2.7]:6000":         "192.0.2.7", // a socket of both kinds says it so
		"::ffff:c000:207":                 "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:6000":     "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:1":         "2001:db8:1:2::/64",
		"2001:db8:1:2::":                  "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:6000":          "2001:db8:1:3::/64",
		"[fe80::1%eth0]:6000":             "fe80::/64",
		"[fe80::2%eth1]:6000":             "fe80::/64",
		"fe80::1%any text, even \"this\"": "fe80::/64",
		"[::ffff:192.0.2.7%eth0]:6000":    "192.0.2.7",
		"[::1]:6000":                      "::/64",
		"pipe":                            "pipe",
		"host:80":                         "host",
		"":                                "",
	} {
		if got := connlimit.Source(address); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}
