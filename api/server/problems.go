package server

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tocsin/api"
)

// problemPage shows what one kind of problem is about.
func (s *server) problemPage(c *gin.Context, _ url.Values) error {
	k, known := api.KindOf(api.Code(c.Param("code")))
	if !known {
		return api.NotFound("there is no page about the problem %q: a newer node may have one", c.Param("code"))
	}
	writeText(c, http.StatusOK, k.Page())
	return nil
}
