package fsm_test

import (
	"testing"

	"tocsin/fsm"
)

func TestValidateTarget(t *testing.T) {
	for _, c := range []struct {
		check fsm.Check
		value string
		fault string
	}{
		{fsm.CheckScript, "anything", ""},
		{fsm.CheckNagios, "-H h -p 1", ""},
		{fsm.CheckTCP, "db1.example.com:5432", ""},
		{fsm.CheckTCP, "[2001:db8::1]:443", ""},
		{fsm.CheckTCP, "[fe80::1%eth0]:80", ""},
		{fsm.CheckTCP, "db:postgresql", ""}, // some machine may know it
		{fsm.CheckTCP, "", "is not host:port"},
		{fsm.CheckTCP, "db", "is not host:port"},
		{fsm.CheckTCP, "2001:db8::1:443", "is not host:port"},
		{fsm.CheckTCP, "[2001:db8::1]", "is not host:port"},
		{fsm.CheckTCP, "http://h:80", "is not host:port"},
		{fsm.CheckTCP, ":80", "names no host"},
		{fsm.CheckTCP, "[]:80", "names no host"},
		{fsm.CheckTCP, "db:", "neither a number"},
		{fsm.CheckTCP, "db:0", "neither a number"},
		{fsm.CheckTCP, "db:65536", "neither a number"},
		{fsm.CheckTCP, "db:99999999999999999999", "neither a number"},
		{fsm.CheckHTTP, "http://h/health?deep=1", ""},
		{fsm.CheckHTTP, "HTTPS://[::1]:8443", ""},
		{fsm.CheckHTTP, "h:80", "not a URL"},
		{fsm.CheckHTTP, "h/health", "begins with http://"},
		{fsm.CheckHTTP, "ftp://h/", "begins with http://"},
		{fsm.CheckHTTP, "http:///health", "names no host"},
		{fsm.CheckHTTP, "http://h:0/", "neither a number"},
		{fsm.CheckHTTP, "http://h:x/", "not a URL"},
	} {
		v := fiveObservers(t)
		code := fsm.Code("")
		if c.fault != "" {
			code = fsm.Invalid
		}
		set := fsm.SetEndpoint{Key: "k", Value: c.value, Overrides: &fsm.Overrides{Check: &c.check, Verify: new("plugin")}}
		mustRefuse(t, v, set, code, c.fault)
		mustRefuse(t, v, fsm.DeclareEndpoints{Endpoints: []fsm.Declared{{Key: "k", Value: c.value, Overrides: *set.Overrides}}}, code, c.fault)
	}
}

// TestValidateTarget_OfWhatIsThere: a check that the endpoint has counts as one
// that is given, and what was wrong before can be written as it is.
func TestValidateTarget_OfWhatIsThere(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	// Apply only sets: an older build has let it pass.
	commit(t, m, 2, fsm.SetEndpoint{Key: "old", Value: "odd", Overrides: &fsm.Overrides{Check: new(fsm.CheckTCP)}})
	v := m.View()
	labels := map[string]string{"team": "a"}
	mustRefuse(t, v, fsm.SetEndpoint{Key: "old", Value: "odd", Merge: true, Labels: &labels}, "", "")
	mustRefuse(t, v, fsm.SetEndpoint{Key: "old", Value: "odder", Merge: true, Labels: &labels}, fsm.Invalid, "check tcp: the value")
	mustRefuse(t, v, fsm.SetEndpoint{Key: "old", Value: "h:1", Merge: true}, "", "")
	mustRefuse(t, v, fsm.SetEndpoint{Key: "old", Value: "odd", Merge: true, Overrides: &fsm.Overrides{Check: new(fsm.CheckHTTP)}}, fsm.Invalid, "not a URL")
	mustRefuse(t, v, fsm.SetEndpoint{Key: "old", Value: "odd", Overrides: &fsm.Overrides{}}, "", "")
	// The settings of the cluster count as well.
	settings := fsm.DefaultClusterSettings()
	settings.Check = fsm.CheckHTTP
	commit(t, m, 3, fsm.ChangeSettings{Settings: settings})
	mustRefuse(t, m.View(), fsm.SetEndpoint{Key: "new", Value: "pong"}, fsm.Invalid, "not a URL")
}

// TestValidate_CheckNamesWhatItRuns: a check of another kind than the cluster's
// would run the cluster's script as what it is not.
func TestValidate_CheckNamesWhatItRuns(t *testing.T) {
	m := fsm.NewMachine()
	commit(t, m, 1, fsm.Found{ClusterID: "c", Settings: fsm.DefaultClusterSettings()})
	// Apply only sets: an older build has let it pass.
	commit(t, m, 2, fsm.SetEndpoint{Key: "old", Value: "v", Overrides: &fsm.Overrides{Check: new(fsm.CheckNagios)}},
		fsm.SetEndpoint{Key: "good", Value: "v", Overrides: &fsm.Overrides{Check: new(fsm.CheckNagios), Verify: new("check_ssh")}})
	set := func(key string, merge bool, o fsm.Overrides) fsm.SetEndpoint {
		return fsm.SetEndpoint{Key: key, Value: "v", Merge: merge, Overrides: &o}
	}
	nagios, stream := fsm.Overrides{Check: new(fsm.CheckNagios)}, fsm.Overrides{Check: new(fsm.CheckStream)}
	v := m.View()
	mustRefuse(t, v, set("new", false, nagios), fsm.Invalid, "check nagios runs a plugin: name it with verify")
	mustRefuse(t, v, set("new", false, stream), fsm.Invalid, "check stream runs a script that stays: name it with verify")
	mustRefuse(t, v, fsm.DeclareEndpoints{Endpoints: []fsm.Declared{{Key: "new", Value: "v", Overrides: nagios}}}, fsm.Invalid, "name it with verify")
	mustRefuse(t, v, set("new", false, fsm.Overrides{Check: new(fsm.CheckScript)}), "", "")
	mustRefuse(t, v, set("good", true, nagios), "", "") // it has a name already
	mustRefuse(t, v, set("good", false, nagios), fsm.Invalid, "name it with verify")
	mustRefuse(t, v, set("old", false, nagios), "", "")
	mustRefuse(t, v, set("old", true, stream), fsm.Invalid, "name it with verify")

	settings := fsm.DefaultClusterSettings()
	settings.Check = fsm.CheckNagios
	mustRefuse(t, v, fsm.ChangeSettings{Settings: settings}, fsm.Invalid, "check nagios runs a plugin")
	settings.Verify = "check_http"
	mustRefuse(t, v, fsm.ChangeSettings{Settings: settings}, "", "")
	commit(t, m, 3, fsm.ChangeSettings{Settings: settings})
	mustRefuse(t, m.View(), set("new", false, nagios), "", "") // the cluster's is a plugin
	mustRefuse(t, m.View(), set("new", false, stream), fsm.Invalid, "name it with verify")
}
