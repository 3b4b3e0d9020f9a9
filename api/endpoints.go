package api

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/fsm"
)

func (s *server) endpoints(c *gin.Context, query url.Values) error {
	view := s.State.View()
	out := newStream(c)
	out.raw(`{"endpoints":[`)
	for e := range view.Endpoints(query.Get("prefix")) {
		if !out.element(endpointOf(view, e)) {
			break
		}
	}
	return out.end("]}\n")
}

func (s *server) endpoint(c *gin.Context, _ url.Values) error {
	key, err := pathKey(c, "key")
	if err != nil {
		return err
	}
	view := s.State.View()
	e, err := find(view, key)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, endpointOf(view, e))
	return nil
}

func endpointOf(view *fsm.View, e *fsm.Endpoint) Endpoint {
	return Endpoint{
		Key: e.Key, Value: e.Value, State: e.State, Since: readableTime(e.Since),
		Settings: e.Overrides, Effective: view.SettingsOf(e), Labels: e.Labels,
		Generation: e.Generation, Revision: e.Revision, Modified: e.Modified, LastEvent: e.LastEvent,
	}
}

// putEndpoint takes the settings and labels of the body in the place of all that
// the endpoint has; patchEndpoint puts them over those that it has.
func (s *server) putEndpoint(c *gin.Context, _ url.Values) error { return s.writeEndpoint(c, false) }

func (s *server) patchEndpoint(c *gin.Context, _ url.Values) error { return s.writeEndpoint(c, true) }

func (s *server) writeEndpoint(c *gin.Context, merge bool) error {
	key, err := pathKey(c, "key")
	if err != nil {
		return err
	}
	if err := checkedKey(key); err != nil {
		return err
	}
	var r EndpointRequest
	if err := decodeBody(c, &r); err != nil {
		return err
	}
	if r.Value == nil {
		return badRequest("the field value is missing: the body is like {\"value\":\"http://10.0.0.1/\",\"settings\":{\"interval\":\"5s\"}}")
	}
	result, err := s.set(c, fsm.SetEndpoint{Key: key, Value: *r.Value, Overrides: r.Settings, Labels: r.Labels, Merge: merge})
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, Written{Key: key, Index: result.Index, Changed: result.Changed})
	return nil
}

func (s *server) deleteEndpoint(c *gin.Context, _ url.Values) error {
	key, err := pathKey(c, "key")
	if err != nil {
		return err
	}
	result, err := s.remove(c, key)
	if err != nil {
		return err
	}
	writeJSON(c, http.StatusOK, Written{Key: key, Index: result.Index, Changed: result.Changed})
	return nil
}

// set proposes the command, if all that can be known here speaks for it. The
// leader looks at the rest: it alone has the newest state.
func (s *server) set(c *gin.Context, command fsm.SetEndpoint) (fsm.Result, error) {
	if err := errors.Join(fsm.ValidateKey(command.Key), fsm.ValidateValue(command.Value)); err != nil {
		return fsm.Result{}, badRequest("%v", err)
	}
	if err := s.scriptsExist(command.Overrides); err != nil {
		return fsm.Result{}, err
	}
	result, err := s.propose(c, command)
	if err != nil {
		return fsm.Result{}, err
	}
	if result.Changed {
		s.log.Info("endpoint set", "key", command.Key, "index", result.Index, "address", c.Request.RemoteAddr)
	}
	return result, nil
}

// scriptsExist refuses the name of a script that this node does not have: all
// nodes should have the same, and a typing error is best told at once.
func (s *server) scriptsExist(o *fsm.Overrides) error {
	if o == nil {
		return nil
	}
	for _, named := range []struct {
		setting string
		script  *string
	}{{"verify", o.Verify}, {"notify", o.Notify}} {
		if named.script == nil {
			continue
		}
		if _, err := s.Scripts.Resolve(*named.script); err != nil {
			return badRequest("%s: %v", named.setting, err)
		}
	}
	return nil
}

func (s *server) remove(c *gin.Context, key string) (fsm.Result, error) {
	if err := checkedKey(key); err != nil {
		return fsm.Result{}, err
	}
	result, err := s.propose(c, fsm.DeleteEndpoint{Key: key})
	if err != nil {
		return fsm.Result{}, err
	}
	s.log.Info("endpoint deleted", "key", key, "index", result.Index, "address", c.Request.RemoteAddr)
	return result, nil
}
