package access

// Needs returns the role that a route needs, by its method and its path as the
// OpenAPI document writes it. It is the one place that says so; ok is false for
// a route that has no rule, which nobody may serve.
func Needs(method, path string) (need Role, ok bool) {
	if method == "HEAD" {
		method = "GET"
	}
	need, ok = rules()[method+" "+path]
	return need, ok
}

// Routes returns all that have a rule.
func Routes() map[string]Role { return rules() }

func rules() map[string]Role {
	return map[string]Role{
		// What says nothing of the cluster but whether it is well.
		"GET /livez":           Open,
		"GET /readyz":          Open,
		"GET /openapi.json":    Open,
		"GET /problems/{code}": Open,

		// What is and was.
		"GET /metrics":               Read, // Open with --metrics-open
		"GET /v1/endpoints":          Read,
		"GET /v1/endpoints/{key}":    Read,
		"GET /v1/status":             Read,
		"GET /v1/status/{key}":       Read,
		"GET /v1/why/{key}":          Read,
		"GET /v1/events":             Read,
		"GET /v1/notifications":      Read,
		"GET /v1/notifications/{id}": Read,
		"GET /v1/stream":             Read,
		"GET /v1/members":            Read,
		"GET /v1/cluster":            Read,
		"GET /v1/settings":           Read,
		"GET /v1/node":               Read,
		"GET /v1/keyring":            Read, // fingerprints alone
		"GET /v1/pause":              Read,
		"GET /v1/maintenance":        Read,
		"GET /v1/maintenance/{name}": Read,

		// What is watched.
		"PUT /v1/endpoints/{key}":        Operate,
		"PATCH /v1/endpoints/{key}":      Operate,
		"DELETE /v1/endpoints/{key}":     Operate,
		"POST /v1/endpoints:apply":       Operate,
		"POST /v1/endpoints/{key}/check": Operate,
		"POST /v1/endpoints/{key}/state": Operate,
		"POST /v1/pause":                 Operate,
		"DELETE /v1/pause":               Operate,
		"PUT /v1/maintenance/{name}":     Operate,
		"DELETE /v1/maintenance/{name}":  Operate,

		// What was given up.
		"POST /v1/notifications/{id}/retry": Operate,
		"POST /v1/notifications/{id}/ack":   Operate,

		// What only who runs the nodes needs: addresses, paths, output of scripts.
		"GET /v1/config":          Operate,
		"GET /v1/log":             Operate,
		"GET /debug/pprof/{name}": Admin,

		// What the cluster is, and how a node works.
		"POST /v1/reload":                   Admin,
		"POST /v1/members":                  Admin,
		"DELETE /v1/members/{node}":         Admin,
		"POST /v1/members/{node}/promote":   Admin,
		"DELETE /v1/members/{node}/promote": Admin,
		"POST /v1/cluster/transfer-leader":  Admin,
		"POST /v1/keyring":                  Admin,
		"POST /v1/keyring/{key}/use":        Admin,
		"DELETE /v1/keyring/{key}":          Admin,
		"PUT /v1/settings":                  Admin,
		"GET /v1/snapshot":                  Admin,
		"PUT /v1/snapshot":                  Admin,
		"GET /v1/tokens":                    Admin,
		"POST /v1/tokens":                   Admin,
		"DELETE /v1/tokens/{id}":            Admin,

		// The original's paths.
		"GET /get":                    Read,
		"GET /status":                 Read,
		"GET /status/{key}":           Read,
		"GET /detectordata":           Read,
		"GET /detectordata/{key}":     Read,
		"GET /gossipstatus":           Read,
		"GET /gossipstatus/{key}":     Read,
		"GET /leader":                 Read,
		"GET /raftnodes":              Read,
		"GET /gossipnodes":            Read,
		"GET /membersconsensus":       Read,
		"GET /set":                    Operate,
		"GET /del":                    Operate,
		"GET /join":                   Admin,
		"GET /leave":                  Admin,
		"GET /gossipjoin/{addresses}": Admin,
		"GET /gossipleave":            Admin,

		// What nodes ask of each other.
		"POST /v1/peer/introduce": Join,
		"POST /v1/peer/register":  Join,
		"POST /v1/peer/propose":   Node,
		"POST /v1/peer/index":     Node,
		"POST /v1/peer/account":   Node,
		"POST /v1/peer/check":     Node,
		"POST /v1/peer/transfer":  Node,
		"POST /v1/peer/keys":      Node,
		"POST /v1/peer/keyring":   Node,
	}
}
