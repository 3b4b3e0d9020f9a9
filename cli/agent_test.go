package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/cli/agent"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/node"
)

// agentConfig returns the Config that the agent would run with.
func agentConfig(t *testing.T, args ...string) node.Config {
	t.Helper()
	var got node.Config
	ran := false
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(_ context.Context, cfg node.Config, _ func(context.Context, agent.Running)) error {
		got, ran = cfg, true
		return nil
	}}
	if code := a.main(append([]string{"agent"}, args...)); code != 0 || !ran {
		t.Fatalf("agent %q: exit code %d, %s", args, code, &stderr)
	}
	return got
}

func wantConfig(t *testing.T, got, want node.Config) {
	t.Helper()
	want.Version = release
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(node.Config{}, "Logger", "Log", "Process")); diff != "" {
		t.Errorf("the config differs (-want +got):\n%s", diff)
	}
	if got.Logger == nil {
		t.Error("there is no logger")
	}
}

func defaults() node.Config {
	return node.Config{
		Name: "node1", DataDir: "data", Scripts: "scripts",
		HTTP: "127.0.0.1:6000", Raft: "127.0.0.1:7000", Gossip: "127.0.0.1:8000",
		MaxChecks: 64, MaxNotifications: 8, Missed: "current", Original: "on", ClientCerts: "optional", Auth: "auto", Settings: fsm.DefaultClusterSettings(),
	}
}

func TestAgent_Defaults(t *testing.T) {
	wantConfig(t, agentConfig(t, "--node", "node1"), defaults())
}

func TestAgent_EveryFlag(t *testing.T) {
	want := node.Config{
		Name: "n", Site: "paris", DataDir: "/d", Scripts: "/s", HTTP: "0.0.0.0:1", Raft: "0.0.0.0:2", Gossip: "0.0.0.0:3",
		Advertise: "h", Bootstrap: true, Join: []string{"a:1", "b:2", "c:3"}, GossipJoin: []string{"g:1"}, LeaveOnExit: true,
		Canaries:  []string{"gw:53", "http://c/"},
		MaxChecks: 5, MaxNotifications: 6, Missed: "skip", Original: "read", TLS: "/t", GossipKeyFile: "/k", ClientCerts: "required", Insecure: true,
		Auth: "on", PeerTokenFile: "/p", BootstrapTokenFile: "/b", AuditLog: "/a", MetricsOpen: true,
		Settings: fsm.ClusterSettings{
			Settings: fsm.Settings{
				Interval: seconds1(3), RetryInterval: seconds1(2), Timeout: seconds1(4), TimeoutIs: health.Down, Fall: 5, Rise: 6,
				Quorum: 7, Sites: fsm.SitesOff, Cooldown: seconds1(90), Check: fsm.CheckNagios, Verify: "v", Notify: "n",
				NotifyTimeout: seconds1(8), NotifyAttempts: 9,
			},
			MaxVoters: 3, BallotRefresh: seconds1(1), EventsKept: fsm.DefaultClusterSettings().EventsKept,
		},
	}
	args := []string{
		"--node=n", "--site=paris", "--data-dir=/d", "--scripts=/s", "--http=0.0.0.0:1", "--raft=0.0.0.0:2", "--gossip=0.0.0.0:3",
		"--advertise=h", "--tls=/t", "--gossip-key-file=/k", "--client-certs=required", "--insecure", "--bootstrap=true", "--join=a:1, b:2", "--join=c:3", "--gossip-join=g:1", "--leave-on-exit", "--canary=gw:53,http://c/",
		"--max-checks=5", "--max-notifications=6", "--missed-notifications=skip", "--original-api=read",
		"--auth=on", "--peer-token-file=/p", "--bootstrap-token-file=/b", "--audit-log=/a", "--metrics-open", "--interval=3s", "--retry-interval=2s", "--timeout=4s", "--timeout-is=down",
		"--fall=5", "--rise=6", "--quorum=7", "--sites=off", "--cooldown=90", "--check=nagios", "--verify=v", "--notify=n",
		"--notify-timeout=8s", "--notify-attempts=9", "--max-voters=3", "--ballot-refresh=1s", "--log-format=json", "--log-level=warn",
	}
	wantConfig(t, agentConfig(t, args...), want)

	// The same by the environment.
	for _, arg := range args {
		name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !ok {
			value = "true"
		}
		if name == "join" {
			value = "a:1,b:2,c:3"
		}
		t.Setenv(variableOf(name), value)
	}
	wantConfig(t, agentConfig(t), want)

	// What is given wins over the environment.
	want.Name, want.Join = "other", []string{"d:4"}
	wantConfig(t, agentConfig(t, "--node", "other", "--join", "d:4"), want)
}

func seconds1(n int) fsm.Duration { return fsm.Duration(time.Duration(n) * time.Second) }

// TestAgent_OriginalCommandLine is one that users of the original have.
func TestAgent_OriginalCommandLine(t *testing.T) {
	want := defaults()
	want.Bootstrap, want.Scripts = true, "."
	want.Settings.Quorum, want.Settings.Cooldown = 3, seconds1(60)
	got := agentConfig(t, "--node=node1", "--http=127.0.0.1:6000", "--raft=127.0.0.1:7000", "--gossip=127.0.0.1:8000",
		"--join=", "--gossipJoin=", "--bootstrap=true", "--gossipQuorum=3", "--verificationScript=./verify.sh",
		"--notificationScript=./notify.sh", "--eventInterval=60")
	wantConfig(t, got, want)

	want.Bootstrap, want.Join, want.GossipJoin = false, []string{"10.0.0.1:6000"}, []string{"10.0.0.1:8000"}
	want.Scripts = "/opt/ha"
	got = agentConfig(t, "--node=node1", "--join=10.0.0.1:6000", "--gossipJoin=10.0.0.1:8000", "--bootstrap=false", "--gossipQuorum=3",
		"--verificationScript=/opt/ha/verify.sh", "--notificationScript=/opt/ha/./notify.sh", "--eventInterval=1m", "--scripts=/opt/ha/")
	got.Scripts = strings.TrimSuffix(got.Scripts, "/")
	wantConfig(t, got, want)
}

func TestAgent_OneScriptAsAPath(t *testing.T) {
	want := defaults()
	want.Scripts, want.Settings.Notify = "/opt/ha", "switch.sh"
	wantConfig(t, agentConfig(t, "--node=node1", "--notify=/opt/ha/switch.sh"), want)
}

func TestAgent_AFailureIsToldOnce(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(context.Context, node.Config, func(context.Context, agent.Running)) error {
		return errors.Join(errors.New("the disk is full"), errors.New("and so is the other"))
	}}
	if code := a.main([]string{"agent", "--node", "node1"}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	_, got, _ := strings.Cut(stderr.String(), "\n") // behind the line that says what starts
	if want := "tocsin: node node1: the disk is full; and so is the other\n"; got != want || stdout.Len() > 0 {
		t.Errorf("got %q on stderr and %q on stdout, want %q", got, &stdout, want)
	}
}

func TestAgent_StopsOnASignal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(ctx context.Context, _ node.Config, _ func(context.Context, agent.Running)) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}}
	code := a.main([]string{"agent", "--node", "node1"})
	if _, more, _ := strings.Cut(stderr.String(), "\n"); code != exitDone || more != "" { // than what starts
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}

// TestAgent_SaysWhatStarts, before anything can go wrong with the data.
func TestAgent_SaysWhatStarts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(file, []byte("site: paris\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	a := app{stdout: &stdout, stderr: &stderr, run: func(context.Context, node.Config, func(context.Context, agent.Running)) error { return nil }}
	code := a.main([]string{"agent", "--node", "n1", "--config", file})
	if want := `level=INFO msg="this agent starts" node=n1 version=` + release + " site=paris file=" + file + "\n"; code != 0 || !strings.HasSuffix(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("%d %q, want %q", code, &stderr, want)
	}
}
