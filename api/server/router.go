package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tocsin/access"
	"tocsin/api"
	"tocsin/api/peer"
	"tocsin/hold"
	"tocsin/logring"
)

// MaxHeader is the room that a server needs for the head of a request: /set
// carries the largest key and value in it, each byte written as three.
const MaxHeader = 256 << 10

// Config is what the handler asks. All but what follows Stopping must be given.
type Config struct {
	State      State
	Writer     Writer
	Samples    Samples
	Scripts    Scripts
	Membership Membership
	Health     Health
	Peer       Peer
	Peers      Peers
	Freshness  Freshness
	Premises   Premises
	// Stopping is closed when those who wait are to be sent away, because the
	// node stops; nil is never.
	Stopping <-chan struct{}
	Original OriginalMode // "" is OriginalOn
	// Access says who is let in; nil: everybody. Audit gets a line for each
	// change and each refusal; nil: Logger does.
	Access Access
	Audit  *slog.Logger
	// Loopback says that no other machine reaches this node: then nobody who has
	// proven nothing asks for it by a name that leads there from elsewhere.
	Loopback bool
	// MetricsOpen lets everybody read /metrics.
	MetricsOpen bool
	Metrics     http.Handler  // what /metrics answers; nil: there is nothing
	Requests    Requests      // hears what is answered; nil: nobody does
	Process     Process       // nil: it was told nothing, and can't be told anything
	Log         *logring.Ring // what /v1/log shows; nil: nothing
	// Profiling reports whether profiles are shown; nil: they are not.
	Profiling func() bool
	Logger    *slog.Logger // nil discards
}

type server struct {
	Config
	log      *slog.Logger
	audit    *slog.Logger
	gates    *gates
	attempts attempts
	book     hold.Book
}

// New returns the handler of everything this package serves.
func New(config Config) http.Handler {
	s := &server{Config: config, log: slog.New(slog.DiscardHandler), gates: newGates()}
	if config.Logger != nil {
		s.log = config.Logger.With("component", "api")
	}
	if s.Process == nil {
		s.Process = noProcess{}
	}
	if s.Log == nil {
		s.Log = new(logring.Ring)
	}
	s.audit = s.log
	if config.Audit != nil {
		s.audit = config.Audit
	}
	// gin keeps its mode in a global; in any other mode it prints to stdout.
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	// Keys hold slashes, so paths are taken apart before they are unescaped;
	// gin's own unescaping would turn a plus sign into a blank. See pathKey.
	engine.UseRawPath = true
	engine.UnescapePathValues = false
	engine.Use(s.count, s.recover, headers, s.stamp)
	engine.NoRoute(noRoute)
	engine.NoMethod(noMethod)
	for _, r := range slices.Concat(s.routes(), s.original()) {
		s.mount(engine, r)
	}
	s.mountDocumented(engine)
	return engine
}

// mountDocumented adds what the OpenAPI document speaks of, and the document.
func (s *server) mountDocumented(engine *gin.Engine) {
	to := s.newAPI(engine)
	s.endpointOperations(to)
	s.checkOperation(to)
	s.statusOperations(to)
	s.tokenOperations(to)
	s.whyOperation(to)
	s.notificationOperations(to)
	s.attentionOperations(to)
	s.eventOperations(to)
	s.streamOperation(to)
	s.applyOperation(to)
	s.memberOperations(to)
	s.clusterOperations(to)
	s.keyringOperations(to)
	s.snapshotOperations(to)
	s.settingsOperations(to)
	s.reportOperation(to)
	s.processOperations(to)
	s.logOperation(to)
	s.pauseOperations(to)
	s.maintenanceOperations(to)
	s.forceOperation(to)
	finish(to.OpenAPI())
	s.mount(engine, route{method: http.MethodGet, path: documentPath, handle: serveDocument(to.OpenAPI())})
}

// mount adds a route. What is read can also be asked for its headers alone.
func (s *server) mount(engine *gin.Engine, r route) {
	engine.Handle(r.method, r.path, s.serve(r))
	if r.method == http.MethodGet && !r.writes {
		engine.Handle(http.MethodHead, r.path, s.serve(r))
	}
}

// route is one path, the query parameters that it knows, and what serves it.
type route struct {
	method, path string
	known        []parameter
	writes       bool   // changes something, though it may be a GET
	body         string // the type that the body must have, "" if any will do
	handle       handler
	// successor is the path under /v1 that does the same, for the routes of
	// the original.
	successor string
}

// handler serves one route. It returns an error before it has begun to answer,
// or when the answer was broken off.
type handler func(*gin.Context, url.Values) error

func (s *server) routes() []route {
	get := func(path string, handle handler) route {
		return route{method: http.MethodGet, path: path, handle: handle}
	}
	question := func(path, body string, handle handler) route {
		return route{method: http.MethodPost, path: path, handle: handle, writes: true, body: body}
	}
	routes := []route{
		get(api.ProblemsPath+":code", s.problemPage),
		{method: http.MethodGet, path: profilesPath + "*name", known: parameters("seconds", "debug", "gc"), handle: s.profiles},
		get("/livez", s.live),
		get("/readyz", s.ready),

		question(peer.IntroducePath, api.TypeJSON, s.peerIntroduce),
		question(peer.RegisterPath, api.TypeJSON, s.peerRegister),
		question(peer.ProposePath, api.TypeBinary, s.peerPropose),
		question(peer.IndexPath, api.TypeJSON, s.peerIndex),
		question(peer.AccountPath, api.TypeJSON, s.peerAccount),
		question(peer.CheckPath, api.TypeJSON, s.peerCheck),
		question(peer.TransferPath, api.TypeJSON, s.peerTransfer),
		question(peer.KeysPath, api.TypeJSON, s.peerKeys),
		question(peer.KeyringPath, api.TypeJSON, s.peerKeyring),
	}
	if s.Metrics != nil {
		routes = append(routes, get(metricsPath, s.metrics))
	}
	return routes
}

// admit returns the query of a request that r may serve.
func (s *server) admit(r route, request *http.Request) (url.Values, error) {
	if r.successor != "" {
		if err := s.Original.allows(r); err != nil {
			return nil, err
		}
	}
	if r.writes {
		if err := notFromAPage(request); err != nil {
			return nil, err
		}
	}
	if err := ofType(request, r.body); err != nil {
		return nil, err
	}
	return parseQuery(request.URL.RawQuery, r.known)
}

// serve lets in what may come in, runs the route, and answers its error.
func (s *server) serve(r route) gin.HandlerFunc {
	need := s.roleFor(r)
	return func(c *gin.Context) {
		if r.successor != "" {
			announce(c, r.successor)
		}
		var query url.Values
		err := s.authorize(c, r, need)
		if err == nil && s.Loopback && need != access.Open && len(access.From(c.Request.Context())) == 0 {
			err = byAForeignName(c.Request)
		}
		if err == nil {
			query, err = s.admit(r, c.Request)
		}
		if err == nil {
			err = r.handle(c, query)
		}
		err = s.bounded(c, err)
		s.note(c, r, need, query, err)
		if err == nil {
			return
		}
		broken := c.Writer.Written()
		if _, ours := errors.AsType[unwritable](err); ours {
			s.log.Error("answer can't be written", "path", r.path, "from_address", c.Request.RemoteAddr, "err", err)
		} else if broken { // the client has left
			s.log.Debug("answer broken off", "path", r.path, "from_address", c.Request.RemoteAddr, "err", err)
		}
		if broken {
			breakOff()
		}
		fail(c, err)
	}
}

// breakOff ends a request whose answer is under way and can't be brought to its
// end. The connection is dropped: an end in good order would tell the client
// that it has all of it.
func breakOff() { panic(http.ErrAbortHandler) }

func (s *server) recover(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			breakOff() // net/http's own way of dropping a connection
		}
		s.log.Error("request panicked", "method", c.Request.Method, "path", c.Request.URL.Path,
			"from_address", c.Request.RemoteAddr, "cause", cause, "stack", string(debug.Stack()))
		c.Abort()
		if c.Writer.Written() {
			breakOff()
		}
		fail(c, errors.New("the request panicked"))
	}()
	c.Next()
}

// headers keeps browsers from guessing what data is, and anybody from keeping
// an answer that is old the moment after.
func headers(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
}

func noRoute(c *gin.Context) {
	path := c.Request.URL.Path
	for _, prefix := range []string{"/v1/endpoints/", "/v1/status/", "/v1/why/"} {
		if key, ok := strings.CutPrefix(path, prefix); ok && strings.Contains(key, "/") {
			fail(c, api.NotFound("there is nothing at %q: a slash in a key is written %%2F here, as in %s%s", path, prefix, url.PathEscape(key)))
			return
		}
	}
	fail(c, api.NotFound("there is nothing at %q: try /status, /v1/status, /v1/endpoints, /v1/events, /leader, /readyz or /openapi.json", path))
}

func noMethod(c *gin.Context) {
	allowed := strings.Split(c.Writer.Header().Get("Allow"), ", ")
	slices.Sort(allowed)
	c.Header("Allow", strings.Join(allowed, ", "))
	fail(c, api.Faultf(api.CodeMethod, "%s is not possible here: use %s", c.Request.Method, strings.Join(allowed, " or ")))
}
