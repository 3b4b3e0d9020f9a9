package scripts_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"tocsin/scripts/servicetest"
)

func TestNotifyRedis(t *testing.T) {
	master := servicetest.StartRedis(t, "")
	standby := servicetest.StartRedis(t, "", "--replicaof", "127.0.0.1 "+servicetest.Port(master.Address))
	standby.AwaitReplica(t)
	n := notifying(t, "notify-redis.sh", "redis.standby = "+standby.Address+"\n")
	n.value = master.Address + " rival=" + standby.Address
	role := func(r *servicetest.Redis) string { return strings.Fields(r.Do(t, "ROLE"))[0] }

	n.wantAs(t, "follower", "DOWN", 5, 0, "left to the leader")
	n.with("SCRIPT_DRY_RUN=1").want(t, "DOWN", 5, 0, "would tell "+standby.Address+" REPLICAOF NO ONE")
	if role(standby) != "slave" {
		t.Fatal("a follower, or a dry run, has promoted the standby")
	}
	master.Kill()
	n.want(t, "DOWN", 5, 0, "told "+standby.Address+" REPLICAOF NO ONE")
	if role(standby) != "master" {
		t.Error("the standby is no master")
	}
	n.want(t, "DOWN", 5, 0, "is a master already")

	// The old one comes back as what it was. If an event still finds it there,
	// it is made a replica.
	back := servicetest.StartRedis(t, master.Address)
	n.want(t, "UP", 6, 2, "both are masters")
	n.want(t, "DOWN", 7, 0, "told "+back.Address+" REPLICAOF 127.0.0.1 "+servicetest.Port(standby.Address))
	back.AwaitReplica(t)

	// And back again on command.
	standby.FailOver(t, back)
	back.Await(t, servicetest.Holds(func() bool { return role(back) == "master" }))
	standby.AwaitReplica(t)
	n.want(t, "UP", 8, 0, "nothing is to be done")
	n.want(t, "DOWN", 7, 0, "refused: event 7")
	if role(back) != "master" || role(standby) != "slave" {
		t.Errorf("they are %s and %s", role(back), role(standby))
	}

	// A standby that has lost its master long ago is not promoted.
	back.Kill()
	standby.Await(t, servicetest.Holds(func() bool {
		return strings.Contains(standby.Do(t, "INFO", "replication"), "master_link_down_since_seconds:2")
	}))
	old := notifying(t, "notify-redis.sh", "redis.standby = "+standby.Address+"\nredis.stale = 1\n")
	old.value = n.value
	old.want(t, "DOWN", 9, 2, "its data are old")
	if role(standby) != "slave" {
		t.Error("a stale standby was promoted")
	}
	standby.Kill()
	n.want(t, "DOWN", 10, 1, "refused")
	n.with(only(t, "sh", "awk")).want(t, "DOWN", 11, 1, "install redis-tools")
}

func TestNotifyPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("a PostgreSQL takes seconds to make")
	}
	primary := servicetest.StartPostgres(t)
	primary.Do(t, "CREATE ROLE tocsin LOGIN PASSWORD 'x'; GRANT EXECUTE ON FUNCTION pg_promote TO tocsin")
	standby := primary.StartStandby(t)
	standby.Await(t, servicetest.Holds(func() bool { return standby.Do(t, "SELECT count(*) FROM pg_stat_wal_receiver") == "1" }))
	n := notifying(t, "notify-postgres.sh", "postgres.standby = "+standby.URI("tocsin")+"\n")
	n.value = primary.URI("tocsin") + " standbys=0"
	recovers := func() string { return standby.Do(t, "SELECT pg_is_in_recovery()") }

	n.want(t, "DOWN", 5, 1, "takes writes from here, and two primaries would be worse")
	n.want(t, "UP", 6, 0, "nothing is to be done")
	n.wantAs(t, "follower", "DOWN", 7, 0, "left to the leader")
	stale := notifying(t, "notify-postgres.sh", "postgres.standby = "+standby.URI("tocsin")+"\npostgres.stale = 1\n")
	stale.value = n.value
	primary.Do(t, "CREATE TABLE t (x int)")
	standby.Await(t, servicetest.Holds(func() bool {
		return standby.Do(t, "SELECT now() - pg_last_xact_replay_timestamp() > '2 s' FROM pg_tables WHERE tablename = 't'") == "t"
	}))
	primary.Kill()
	stale.want(t, "DOWN", 7, 2, "s old, and it is not promoted")
	n.with("SCRIPT_DRY_RUN=1").want(t, "DOWN", 8, 0, "would run: sql "+standby.URI("tocsin")+" SELECT pg_promote(true, 40)")
	if recovers() != "t" {
		t.Fatal("it was promoted too early")
	}
	n.want(t, "DOWN", 8, 0, "is the primary now")
	n.want(t, "DOWN", 8, 0, "is a primary already")
	standby.Do(t, "INSERT INTO t VALUES (1)")

	both := notifying(t, "notify-postgres.sh", "postgres.standby = "+standby.URI("tocsin")+"\n")
	both.value = standby.URI("tocsin")
	both.want(t, "UP", 9, 2, "both are primaries")
	standby.Kill()
	n.want(t, "DOWN", 10, 1, "refused")
}

func TestNotifyAlertmanager(t *testing.T) {
	path, address := servicetest.Need(t, "prometheus-alertmanager", "prometheus-alertmanager"), servicetest.FreeAddress(t)
	dir := servicetest.Dir(t)
	manager := servicetest.Start(t, servicetest.Command{Path: path, Dir: dir, Args: []string{
		"--config.file=" + servicetest.Write(t, dir+"/config.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n"),
		"--storage.path=" + dir, "--web.listen-address=" + address, "--cluster.listen-address=",
	}})
	url := "http://" + address
	type alert struct {
		Labels, Annotations map[string]string
		EndsAt              string
		Status              struct{ State string }
	}
	alerts := func() (all []alert) {
		t.Helper()
		r, err := http.Get(url + "/api/v2/alerts")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	manager.Await(t, servicetest.Answers(url+"/-/ready"))
	n := notifying(t, "notify-alertmanager.sh", "alertmanager.urls = "+url+" "+url+"/\nalertmanager.labels = severity=page team=a\"b\n").with("TOCSIN_EVENT_TIME=")
	n.value = `10.0.0.1 "quoted"`
	n.want(t, "DOWN", 5, 0, "HTTP 200")
	got := alerts()
	if len(got) != 1 || got[0].Labels["alertname"] != "TocsinEndpointDown" || got[0].Labels["endpoint"] != "orders" ||
		got[0].Labels["severity"] != "page" || got[0].Labels["team"] != `a"b` || got[0].Annotations["value"] != n.value ||
		!strings.HasSuffix(got[0].EndsAt, "-12-31T23:59:59.000Z") || got[0].Status.State == "suppressed" {
		t.Errorf("alerts are %+v, want one", got)
	}
	n.want(t, "DOWN", 5, 0)
	n.want(t, "UP", 4, 0, "refused: event 4")
	if got := alerts(); len(got) != 1 {
		t.Errorf("alerts are %+v, want one", got)
	}
	n.want(t, "UP", 6, 0)
	if got := alerts(); len(got) != 0 {
		t.Errorf("alerts are %+v, want none", got)
	}
	half := notifying(t, "notify-alertmanager.sh", "alertmanager.urls = http://"+freeAddress(t)+" "+url+"\n")
	half.want(t, "DOWN", 7, 1, "no answer from", "HTTP 200") // all have to know
	if got := alerts(); len(got) != 1 {
		t.Errorf("alerts are %+v, want one", got)
	}
}

func TestNotifyEmail(t *testing.T) {
	address, mails := mailServer(t)
	n := notifying(t, "notify-email.sh", "email.server = smtp://"+address+"\nemail.from = tocsin@here.test\nemail.to = one@there.test two@there.test\n")
	n.want(t, "DOWN", 5, 0, "sent to one@there.test two@there.test")
	got := <-mails
	for _, want := range []string{
		"MAIL FROM:<tocsin@here.test>", "RCPT TO:<one@there.test>", "RCPT TO:<two@there.test>", "\nTo: one@there.test, two@there.test\n",
		"\nSubject: orders is DOWN\n", "\nMessage-ID: <tocsin.5@here.test>\n", "\n\norders is DOWN.\n", "votes: 1 up, 4 down, 0 unknown",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the mail is\n%s\nwithout %q", got, want)
		}
	}
	n.wantAs(t, "follower", "DOWN", 5, 0, "left to the leader")
	n.with("SCRIPT_DRY_RUN=1").want(t, "DOWN", 6, 0, "Subject: orders is DOWN")
	notifying(t, "notify-email.sh", "email.server = smtp://"+address+"\nemail.from = tocsin@here.test\nemail.to = nobody@there.test\n").
		want(t, "DOWN", 7, 1, "does not take it")
	notifying(t, "notify-email.sh", "email.server = smtp://"+freeAddress(t)+"\nemail.from = a@b\nemail.to = c@d\n").want(t, "DOWN", 8, 1)
}

// mailServer takes mails, and refuses those to nobody. It stands in for one that
// is to be reached by SMTP.
func mailServer(t *testing.T) (address string, mails chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	mails = make(chan string, 10) // more than a test sends
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serveMail(c, mails)
		}
	}()
	return l.Addr().String(), mails
}

func serveMail(c net.Conn, mails chan<- string) {
	defer c.Close()
	said, data := "", false
	_, _ = io.WriteString(c, "220 here.test\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		line := lines.Text()
		said += line + "\n"
		answer := "250 fine"
		switch verb, _, _ := strings.Cut(line, " "); {
		case data && line == ".":
			data = false
			mails <- said
		case data:
			continue
		case verb == "DATA":
			data, answer = true, "354 go on"
		case strings.Contains(line, "nobody@"):
			answer = "550 no such person"
		case verb == "QUIT":
			answer = "221 bye"
		}
		if _, err := fmt.Fprintf(c, "%s\r\n", answer); err != nil {
			return
		}
	}
}
