package metrics

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Requests counts HTTP requests. It implements api.Requests.
type Requests struct{ served *prometheus.CounterVec }

func newRequests(t *toolbox) *Requests {
	return &Requests{t.counterVec(meaning{
		"tocsin_http_requests_total", "HTTP requests that were answered, by the pattern of their path (none if there is nothing at it), method and status.",
		[]label{{name: "route"}, {name: "method"}, {name: "code"}},
	})}
}

// Served notes an answer. Routes are patterns, of which there are so many.
func (r *Requests) Served(route, method string, code int) {
	if route == "" {
		route = "none"
	}
	if !slices.Contains([]string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}, method) {
		method = "other" // a client may send any word
	}
	r.served.WithLabelValues(route, method, strconv.Itoa(code)).Inc()
}
