package groundwork

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/fsm"
)

func TestParse_Sites(t *testing.T) {
	for name, c := range map[string]struct{ specs, sites, want string }{
		"a trial":                   {"", "a,b,c", "a/a1=127.0.0.1:6000 b/b1=127.0.0.1:6001 c/c1=127.0.0.1:6002"},
		"in turn":                   {"h1,h2,h3,h4,h5", "a,b,c", "a/a1=h1:6000 b/b1=h2:6000 c/c1=h3:6000 a/a2=h4:6000 b/b2=h5:6000"},
		"names stay":                {"x=h1,h2", "a,b", "a/x=h1:6000 b/b1=h2:6000"},
		"sites stay":                {"b/h1,h2,h3", "a,b", "b/b1=h1:6000 a/a1=h2:6000 a/a2=h3:6000"},
		"a name is taken":           {"a/a1=h1,a/h2", "", "a/a1=h1:6000 a/a2=h2:6000"},
		"sites without --sites":     {"a/h1,b/h2:7100", "", "a/a1=h1:6000 b/b1=h2:7100"},
		"here, with a port":         {"x=localhost,y=localhost:6000,z=localhost", "", "/x=localhost:6001 /y=localhost:6000 /z=localhost:6002"},
		"here, in another's way":    {"x=127.0.0.1:5000,y=127.0.0.1", "", "/x=127.0.0.1:5000 /y=127.0.0.1:6001"},
		"an unknown site":           {"d/h1,h2", "a,b", "! the site \"d\" of h1 is none of --sites a,b"},
		"a site without a node":     {"h1", "a,b", "! there is no node at the site \"b\""},
		"a site twice":              {"h1,h2", "a,a", "! --sites: \"a\" is there twice"},
		"a site that is no name":    {"h1,h2", "a,b c", "! --sites: "},
		"nobody":                    {"", "", "! 0 nodes are named"},
		"a name that is too long":   {"h1", strings.Repeat("a", fsm.MaxNodeName), "! "},
		"no name and nowhere":       {"h1,n=h2", "", "! \"h1\" has no name"},
		"twice at one place":        {"a/h1,a/h1", "", "! a1 and a2 would both listen on h1:6000"},
		"two of one port on a host": {"x=localhost:6000,y=localhost:6000", "", "! x and y would both listen on localhost:6000"},
	} {
		p, err := Parse(split(c.specs), split(c.sites))
		if says, fails := strings.CutPrefix(c.want, "! "); fails {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: got %+v, %v, want %q", name, p, err, says)
			}
			continue
		}
		var got []string
		for _, n := range p.Nodes {
			got = append(got, fmt.Sprintf("%s/%s=%s:%d", n.Site, n.Name, n.Host, n.HTTP))
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, %v, want %s", name, got, err, c.want)
		}
	}
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func TestPlan_Footing(t *testing.T) {
	for specs, want := range map[string]string{
		"a/h1,b/h2,c/h3":      "Each of the sites a, b and c may fail, one at a time.",
		"a/h1,a/h2,b/h3":      "Without the site a nothing would be decided: a node at a third site",
		"x=h1":                "One more may be too many: without x nothing would be decided.",
		"a/h1,b/h2,c/h3,a/h4": "Any one more node may fail.",
	} {
		p, err := Parse(split(specs), nil)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(p.Footing().Sentences(), " "); !strings.Contains(said, want) {
			t.Errorf("%s: %s, want %q", specs, said, want)
		}
	}
}
