package groundwork

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	p, err := Parse([]string{"paris/p1=10.1.0.1", "n2=[::1]:7000", "n3=host.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{
		{"p1", "paris", "10.1.0.1", 6000, 7000, 8000},
		{"n2", "", "::1", 7000, 8000, 9000},
		{"n3", "", "host.example", 6000, 7000, 8000},
	}
	for i, n := range p.Nodes {
		if n != want[i] {
			t.Errorf("got %+v, want %+v", n, want[i])
		}
	}
	for spec, says := range map[string]string{
		"":                   "write [SITE/]NAME=HOST",
		"10.0.0.1":           "\"10.0.0.1\" has no name: write NAME=HOST, or SITE/HOST",
		"n1=":                "neither a name nor an address",
		"n 1=10.0.0.1":       "letters",
		"a b/n1=10.0.0.1":    "site: ",
		"n1=10.0.0.1:x":      "is not a number from 1 to 63535",
		"n1=10.0.0.1:64000":  "is not a number from 1 to 63535",
		"n1=0.0.0.0":         "no address that others can reach",
		"n1=a'b":             "neither a name nor an address",
		"n1=http://10.0.0.1": "is not a number",
	} {
		if _, err := Parse([]string{spec}, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", spec, err, says)
		}
	}
	for _, twice := range [][]string{{"n1=10.0.0.1", "n1=10.0.0.2"}, {"n1=10.0.0.1", "n2=10.0.0.1"}, {"n1=10.0.0.1:6000", "n2=10.0.0.1:7000"}, nil, make([]string, 101)} {
		if _, err := Parse(twice, nil); err == nil {
			t.Errorf("%v is taken", twice)
		}
	}
}

func TestPlan_Remarks(t *testing.T) {
	for specs, want := range map[string]int{
		"a/n1=h1,b/n2=h2,c/n3=h3":             0,
		"n1=h1,n2=h2,n3=h3":                   0,
		"n1=h1":                               1,
		"a/n1=h1,a/n2=h2,b/n3=h3":             1,
		"a/n1=h1,a/n2=h2,b/n3=h3,b/n4=h4":     2, // one for the number, one for both sites
		"n1=h1,n2=h2,n3=h3,n4=h4,n5=h5,n6=h6": 0, // five of them vote
	} {
		p, err := Parse(strings.Split(specs, ","), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Remarks(); len(got) != want {
			t.Errorf("%s: got %q, want %d remarks", specs, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("paris/p1=10.1.0.1:6000")
	f.Add("n=[::1]:1")
	f.Fuzz(func(t *testing.T, spec string) {
		p, err := Parse([]string{spec}, nil)
		if err == nil && strings.ContainsAny(p.configuration(p.Nodes[0], placesOf("/x", p.Here())), "\r\"\x00") {
			// a quotation mark stands in the first line alone
			text := p.configuration(p.Nodes[0], places{})
			if strings.Count(text, `"`) != 4 {
				t.Fatalf("%q makes %s", spec, text)
			}
		}
	})
}
