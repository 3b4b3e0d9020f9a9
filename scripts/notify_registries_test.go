package scripts_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// stand is a stand-in for a server: it answers as answer says, and remembers
// what it was asked.
type stand struct {
	URL    string
	mu     sync.Mutex
	asked  []string                                            // guarded by mu
	answer func(method, uri, body string) (code int, s string) // guarded by mu
}

func newStand(t *testing.T, answer func(method, uri, body string) (int, string)) *stand {
	t.Helper()
	s := &stand{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is missing is missed by the test
	s.mu.Lock()
	defer s.mu.Unlock()
	var line strings.Builder
	line.WriteString(r.Method + " " + r.RequestURI)
	for _, name := range []string{"Authorization", "X-Consul-Token", "X-Domain-Name", "X-Tocsin-Event"} {
		if v := r.Header.Get(name); v != "" {
			line.WriteString(" " + name + "=" + v)
		}
	}
	s.asked = append(s.asked, line.String()+" "+string(body))
	code, text := s.answer(r.Method, r.RequestURI, string(body))
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

// answers makes s answer everything so.
func (s *stand) answers(code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(string, string, string) (int, string) { return code, text }
}

// wantAsked requires that the last question begins so.
func (s *stand) wantAsked(t *testing.T, line string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	last := ""
	if len(s.asked) > 0 {
		last = s.asked[len(s.asked)-1]
	}
	if !strings.HasPrefix(last, line) {
		t.Errorf("the last it was asked is\n%s\nwant\n%s", last, line)
	}
}

func (s *stand) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func TestNotifyConsul(t *testing.T) {
	consul := newStand(t, func(method, uri, _ string) (int, string) {
		if method == "PUT" && strings.HasPrefix(uri, "/v1/agent/service/maintenance/orders-1?") {
			return 200, ""
		}
		return 404, `Unknown service ID "other". Ensure that the service ID is passed, not the service name.`
	})
	n := notifying(t, "notify-consul.sh", "consul.agent = "+consul.URL+"\nconsul.service = orders-1\n", `consul=header = "X-Consul-Token: open sesame"`)
	n.want(t, "DOWN", 5, 0, "HTTP 200")
	consul.wantAsked(t, "PUT /v1/agent/service/maintenance/orders-1?enable=true&reason=tocsin+event+5 X-Consul-Token=open sesame")
	n.want(t, "UP", 6, 0)
	consul.wantAsked(t, "PUT /v1/agent/service/maintenance/orders-1?enable=false")
	before := consul.times()
	n.want(t, "DOWN", 5, 0, "refused: event 5")
	n.wantAs(t, "follower", "DOWN", 7, 0, "left to the leader")
	if consul.times() != before {
		t.Error("it was asked by an older event, or by a follower")
	}

	other := notifying(t, "notify-consul.sh", "consul.agent = "+consul.URL+"\nconsul.service = a/b c\nconsul.on = all\n")
	other.wantAs(t, "follower", "DOWN", 8, 0, "is not registered, so nobody is sent there")
	consul.wantAsked(t, "PUT /v1/agent/service/maintenance/%61%2f%62%20%63?")
	other.want(t, "UP", 9, 1, "is not registered (yet?)")
	consul.answers(403, "Permission denied")
	other.want(t, "DOWN", 10, 2, "HTTP 403: Permission denied")
	consul.answers(500, "No cluster leader")
	other.want(t, "DOWN", 11, 1, "HTTP 500: No cluster leader")
	notifying(t, "notify-consul.sh", "consul.agent = http://"+freeAddress(t)+"\nconsul.service = x\n").want(t, "DOWN", 1, 1, "no answer from http://")
	n.with(only(t, "sh", "awk", "od", "tr", "sed", "mkdir", "mv", "cat", "id")).want(t, "DOWN", 12, 1, "install curl")
}

func TestNotifyServiceCenter(t *testing.T) {
	status := "UP"
	center := newStand(t, func(method, uri, _ string) (int, string) {
		switch {
		case method == "GET" && uri == "/v4/default/registry/existence?type=microservice&appId=shop&serviceName=orders&version=1.0.0":
			return 200, `{"serviceId":"7062417bf9ebd4c646bb23059003cea42180894a","schemaId":"","summary":""}`
		case method == "GET":
			return 400, `{"errorCode":"400012","errorMessage":"Micro-service does not exist"}`
		case method == "PUT" && strings.HasPrefix(uri, "/v4/default/registry/microservices/7062417bf9ebd4c646bb23059003cea42180894a/instances/orders-1/status?value="):
			status = uri[strings.LastIndexByte(uri, '=')+1:]
			return 200, ""
		}
		return 400, `{"errorCode":"400017","errorMessage":"Instance does not exist"}`
	})
	base := "servicecenter.url = " + center.URL + "\nservicecenter.instance = orders-1\n"
	n := notifying(t, "notify-servicecenter.sh", base+"servicecenter.app = shop\nservicecenter.name = orders\nservicecenter.version = 1.0.0\n")
	n.want(t, "DOWN", 5, 0, "HTTP 200")
	if status != "OUTOFSERVICE" {
		t.Errorf("the instance is %s", status)
	}
	center.wantAsked(t, "PUT /v4/default/registry/microservices/7062417bf9ebd4c646bb23059003cea42180894a/instances/orders-1/status?value=OUTOFSERVICE X-Domain-Name=default ")
	n.want(t, "UP", 6, 0)
	if status != "UP" {
		t.Errorf("the instance is %s", status)
	}
	n.wantAs(t, "follower", "DOWN", 7, 0, "left to the leader")

	none := notifying(t, "notify-servicecenter.sh", base+"servicecenter.app = shop\nservicecenter.name = none\nservicecenter.version = 1.0.0\n")
	none.want(t, "DOWN", 8, 0, "is not registered, so nobody is sent there")
	none.want(t, "UP", 9, 1, "is not registered (yet?)")
	gone := notifying(t, "notify-servicecenter.sh", base+"servicecenter.service = other\nservicecenter.domain = ours\n")
	gone.want(t, "DOWN", 10, 0, "is not registered")
	center.wantAsked(t, "PUT /v4/default/registry/microservices/other/instances/orders-1/status?value=OUTOFSERVICE X-Domain-Name=ours ")
	gone.want(t, "UP", 11, 1)
	center.answers(400, `{"errorCode":"400001","errorMessage":"Invalid parameter(s)"}`)
	n.want(t, "DOWN", 12, 2, "400001")
	center.answers(500, `{"errorCode":"500003","errorMessage":"Internal server error"}`)
	n.want(t, "DOWN", 13, 1, "HTTP 500")
	notifying(t, "notify-servicecenter.sh", base).want(t, "DOWN", 14, 2, "servicecenter.app is not set")
}

func TestNotifyEureka(t *testing.T) {
	eureka := newStand(t, func(method, uri, _ string) (int, string) {
		switch {
		case !strings.HasPrefix(uri, "/eureka/v2/apps/ORDERS/i-1/status?value="):
			return 404, ""
		case method == "PUT" && strings.HasSuffix(uri, "=OUT_OF_SERVICE"), method == "DELETE":
			return 200, ""
		}
		return 500, "No enum constant"
	})
	at := "eureka.url = " + eureka.URL + "/eureka/v2/\neureka.app = ORDERS\neureka.instance = "
	n := notifying(t, "notify-eureka.sh", at+"i-1\n", `eureka=user = "me:open sesame"`)
	n.want(t, "DOWN", 5, 0, "HTTP 200")
	eureka.wantAsked(t, "PUT /eureka/v2/apps/ORDERS/i-1/status?value=OUT_OF_SERVICE Authorization=Basic ")
	n.want(t, "UP", 6, 0)
	eureka.wantAsked(t, "DELETE /eureka/v2/apps/ORDERS/i-1/status?value=UP ")
	n.want(t, "DOWN", 5, 0, "refused")
	n.wantAs(t, "follower", "DOWN", 7, 0, "left to the leader")
	gone := notifying(t, "notify-eureka.sh", at+"i-2\n")
	gone.want(t, "DOWN", 8, 0, "is not registered")
	gone.want(t, "UP", 9, 1, "is not registered (yet?)")
	eureka.answers(503, "")
	n.want(t, "DOWN", 10, 1, "HTTP 503")
}

func TestNotifyWebhook(t *testing.T) {
	hook := newStand(t, nil)
	hook.answers(204, "")
	n := notifying(t, "notify-webhook.sh", "webhook.url = "+hook.URL+"/hook?a=b\n", `webhook=header = "Authorization: Bearer open-sesame"`)
	n.value = `a "b" \c`
	n.want(t, "DOWN", 5, 0, "HTTP 204")
	hook.wantAsked(t, `POST /hook?a=b Authorization=Bearer open-sesame X-Tocsin-Event=5 {"key":"orders","value":"a \"b\" \\c","status":"DOWN"}`)
	for code, want := range map[int]int{200: 0, 400: 2, 404: 2, 408: 1, 429: 1, 500: 1, 503: 1} {
		hook.answers(code, "words of the server")
		n.want(t, "DOWN", 6, want, fmt.Sprint("HTTP ", code))
	}
	secret := notifying(t, "notify-webhook.sh", "", "webhook=url = \""+hook.URL+"/secret\"")
	hook.answers(200, "")
	secret.want(t, "UP", 7, 0)
	hook.wantAsked(t, "POST /secret X-Tocsin-Event=7 ")
	notifying(t, "notify-webhook.sh", "").want(t, "UP", 8, 2, "webhook.url is not set")
}

func TestNotifySlack(t *testing.T) {
	hook := newStand(t, nil)
	hook.answers(200, "ok")
	n := notifying(t, "notify-slack.sh", "slack.more = call 110\n", "slack=url = \""+hook.URL+"/services/secret\"")
	n.value = `<a> & "b"`
	n.want(t, "DOWN", 5, 0)
	hook.wantAsked(t, `POST /services/secret {"text": ":red_circle: orders is DOWN (&lt;a&gt; &amp; \"b\"), say 1 up, 4 down, 0 unknown of the nodes: event 5 call 110"}`)
	n.want(t, "UP", 6, 0)
	hook.wantAsked(t, `POST /services/secret {"text": ":large_green_circle: orders is UP`)
	hook.answers(404, "no_service")
	n.want(t, "DOWN", 7, 2, "no_service")
	r := n.tell(t, "leader", "DOWN", 8)
	if strings.Contains(r.Stderr+r.Stdout, "services/secret") {
		t.Errorf("it tells its secret: %+v", r)
	}
	notifying(t, "notify-slack.sh", "").want(t, "DOWN", 1, 1, "slack does not exist: put the URL there")
}
