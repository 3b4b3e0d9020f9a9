package server

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/api/peer"
)

func (s *server) peerAccount(c *gin.Context, _ url.Values) error {
	asked, err := readAsked[peer.AccountRequest](c, "request")
	if err != nil {
		return err
	}
	if asked.Key != "" {
		if err := checkedKey(asked.Key); err != nil {
			return err
		}
	}
	writeJSON(c, http.StatusOK, jsonType, s.Peer.Account(asked.Key))
	return nil
}
