package api

import (
	"fmt"
	"net/http"
	"strings"
)

// Code is a word for a kind of problem.
type Code string

// The kinds of problem. Those of fsm.Code are among them, by the same words.
const (
	CodeInvalid         Code = "invalid"
	CodeCrossSite       Code = "cross-site"
	CodeSwitchedOff     Code = "switched-off"
	CodeLocalOnly       Code = "local-only"
	CodeNotFound        Code = "not-found"
	CodeMethod          Code = "method-not-allowed"
	CodeIncomplete      Code = "incomplete"
	CodeConflict        Code = "conflict"
	CodeTooOld          Code = "too-old"
	CodeUnmet           Code = "precondition-failed"
	CodeTooLarge        Code = "too-large"
	CodeMediaType       Code = "unsupported-media-type"
	CodeConfiguration   Code = "configuration"
	CodeNotLeader       Code = "not-leader" // ask LeaderHTTP
	CodeInternal        Code = "internal"
	CodeNoLeader        Code = "no-leader" // nothing was done
	CodeUncertain       Code = "uncertain" // it may or may not have been done
	CodeBehind          Code = "behind"
	CodeUnavailable     Code = "unavailable"
	CodeBusy            Code = "busy"
	CodeUnauthenticated Code = "unauthenticated"
	CodeForbidden       Code = "forbidden"
	CodeTooMany         Code = "too-many-refusals"
)

// ProblemsPath is where the pages about the kinds of problem are.
const ProblemsPath = "/problems/"

// kind is what all problems of one code have in common.
type kind struct {
	Code   Code
	Status int
	Title  string
	Text   string // what it means and what to do, for people
}

// Kinds returns all kinds, in the order of their statuses: the one source of
// the pages that a node shows, of the page in the docs, and of what the
// document says.
func Kinds() []kind {
	return []kind{
		{
			CodeInvalid, http.StatusBadRequest, "The request makes no sense as it stands",
			"A parameter, a field or a value is not what belongs there, or is one that nobody knows. The detail names it, and what it may be. Nothing was done. Repeating the request as it is will not help.",
		},
		{
			CodeUnauthenticated, http.StatusUnauthorized, "It is not known who asks",
			"The node asks for a token or a certificate, and none was sent, or one that proves nothing: it was mistyped, was revoked, has expired, or belongs to another cluster. Send a token as Authorization: Bearer TOKEN; the commands take one from --token-file or TOCSIN_TOKEN. Nothing was done.",
		},
		{
			CodeForbidden, http.StatusForbidden, "The role is not enough",
			"It is known who asks, and what was asked for takes another role: read to look, operate to change what is watched, admin for members, settings and tokens; join and node are for nodes. Nothing was done. Somebody with the role admin can create a token with the role that it takes.",
		},
		{
			CodeCrossSite, http.StatusForbidden, "A web page elsewhere sent this",
			"A browser sent the request on behalf of a page of another origin. Writes are taken from programs, from an address that somebody types, and from pages of this very node. If a proxy stands in front of the node, let it pass on the Host that the browser asked for. A node that listens on its own machine alone and asks nobody for a token is asked for by an address, by localhost or by a name without a dot: a page elsewhere can have its own name lead to this machine.",
		},
		{
			CodeSwitchedOff, http.StatusForbidden, "The paths of the original are switched off",
			"The node was started with --original-api off, or with read and this path writes. Use the path under /v1 that the detail names, or start the node with --original-api on.",
		},
		{
			CodeLocalOnly, http.StatusForbidden, "This is shown on the machine of the node alone",
			"Profiles look into the process, so they are shown only to whoever asks from the same machine, by way of 127.0.0.1 and through no proxy. A tunnel (ssh -L) does.",
		},
		{
			CodeNotFound, http.StatusNotFound, "There is no such thing",
			"There is no endpoint of that key, no node of that name, or nothing at that path. A slash in a key is written %2F in a path under /v1.",
		},
		{
			CodeMethod, http.StatusMethodNotAllowed, "The path does not take this method",
			"The header Allow names the methods that it takes.",
		},
		{
			CodeIncomplete, http.StatusRequestTimeout, "The body did not come in whole",
			"The connection broke off in the middle of the body, or the body took longer than it may: 30 s, and 5 minutes for that of PUT /v1/snapshot. Nothing was done. Send it again, by a faster line or from a machine that is nearer to the node.",
		},
		{
			CodeConflict, http.StatusConflict, "The state does not allow it",
			"The request is well formed, and what the cluster holds does not allow it: there are as many endpoints as there may be, or the node was taken out of the cluster. The detail says which, and what to do.",
		},
		{
			CodeTooOld, http.StatusConflict, "The build is too old for this cluster",
			"A node that wants to come in reads less of the replicated log than the cluster uses already. Install the version of the other nodes there and start it again; nothing is lost. Only nodes see it.",
		},
		{
			CodeUnmet, http.StatusPreconditionFailed, "It was changed in the meantime",
			"If-Match or If-None-Match asked for another version than there is, so that nothing was done: somebody else has written first. Read it again, decide anew with what it says now, and send the new ETag. After an answer of the kind uncertain it may have been your own first try.",
		},
		{
			CodeTooLarge, http.StatusRequestEntityTooLarge, "The body is too large",
			"A body has at most 1 MiB; that of /v1/endpoints:apply has at most 4 MiB, for all of it becomes one entry of the replicated log. Declare a larger set in parts, each with a prune scope of its own.",
		},
		{
			CodeMediaType, http.StatusUnsupportedMediaType, "The body is of the wrong type",
			"The path is for the nodes among themselves, and takes its own type of body alone.",
		},
		{
			CodeConfiguration, http.StatusUnprocessableEntity, "The configuration file is refused",
			"The node was asked to read its configuration file again, and there is none, it can't be read, or something in it is wrong. Nothing has changed. The detail names the line; \"tocsin validate FILE\" shows it.",
		},
		{
			CodeTooMany, http.StatusTooManyRequests, "Too many requests from there were refused",
			"An address that was refused again and again for who it is waits a moment before it is told why. A request with a good token is answered all the same. Find out who sends these requests: the audit log has the first of them.",
		},
		{
			CodeNotLeader, http.StatusMisdirectedRequest, "Another node leads",
			"Only the leader answers this call of the nodes among themselves; leader_http says where it is. A program never sees it: ask any node under /v1.",
		},
		{
			CodeInternal, http.StatusInternalServerError, "This should not have happened",
			"A fault of Tocsin itself. The log of the node says more; please report it with what it says.",
		},
		{
			CodeNoLeader, http.StatusServiceUnavailable, "There is no leader at the moment",
			"Nothing was done. After the loss of a leader the next one is elected within seconds: try again after the time that Retry-After names. If it stays so, see /readyz of each node: fewer than a majority of those that vote can talk to each other.",
		},
		{
			CodeUncertain, http.StatusServiceUnavailable, "It may or may not have been done",
			"The leader was lost, or the time ran out, after the change was handed over and before anybody heard that it was committed. Repeat it: what was done is not done once more. But the second answer may be another one. A conditional write (If-Match, If-None-Match) that was done answers precondition-failed: read, and compare. A deletion that was done answers not-found. The first token of a cluster, created without anybody having been asked for one, answers unauthenticated. Two requests are no mere repeat: POST /v1/tokens without id and hash, whose answer was the only one with the text of the token, and POST /v1/cluster/transfer-leader without node, which hands the lead on.",
		},
		{
			CodeBehind, http.StatusServiceUnavailable, "This node does not know enough yet",
			"The node has just started, belongs to a cluster, and has not heard yet what that holds; or the read asked for consistency leader or linearizable, and the node did not hear from the leader, or had not applied what the leader knows, in time. Ask again, ask another node, or, of the second, ask with consistency=stale and see Tocsin-Index for how much the node knows.",
		},
		{
			CodeUnavailable, http.StatusServiceUnavailable, "The node can't tell at the moment",
			"The node is stopping, or could not reach those it had to ask. Nothing was changed that the detail does not speak of. Try again, or ask another node.",
		},
		{
			CodeBusy, http.StatusServiceUnavailable, "Too many ask for this at once",
			"Requests that wait, that stay open or that ask all nodes are bounded on each node, and this one has as many as it takes. Nothing was done. Ask another node, or again in a moment.",
		},
	}
}

func KindOf(code Code) (kind, bool) {
	for _, k := range Kinds() {
		if k.Code == code {
			return k, true
		}
	}
	return kind{}, false
}

// Page is what a node shows at the path of the kind.
func (k kind) Page() string {
	return fmt.Sprintf("%s: %s (status %d)\n\n%s\n", k.Code, k.Title, k.Status, k.Text)
}

// ProblemsPage returns the page of the docs about all kinds of problem, in
// Markdown.
func ProblemsPage() string {
	var b strings.Builder
	b.WriteString(`# Problems

What can't be done under ` + "`/v1`" + ` is answered with an ` + "`application/problem+json`" + ` body (RFC 9457). ` + "`type`" + ` leads to
a page on the node itself, with the text that is found here too; ` + "`detail`" + ` says what is wrong this time and what to
do; ` + "`code`" + ` is the word that programs branch on. An answer with status 503 carries ` + "`Retry-After`" + `.

This page is generated from api/problems.go: ` + "`go test ./api/server -run TestProblems -update`" + `.
`)
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\nStatus %d. %s.\n\n%s\n", k.Code, k.Status, k.Title, k.Text)
	}
	return b.String()
}
