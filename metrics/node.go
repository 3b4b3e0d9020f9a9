package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/api"
)

// nodeFigures are about the node as a whole.
func nodeFigures() []figure {
	return []figure{
		{
			meaning{"tocsin_build_info", "Always 1: which build this is.", []label{{name: "version"}, {name: "go_version"}}},
			prometheus.GaugeValue, func(s *Scene, set setter) { set(1, s.Self.Version, goVersion()) },
		},
		{
			meaning{"tocsin_node_info", "Always 1: which node this is, where it stands, and to which cluster it belongs (empty before it belongs to one).", []label{{name: "node"}, {name: "site"}, {name: "cluster"}}},
			prometheus.GaugeValue, func(s *Scene, set setter) { set(1, s.Self.Node, s.Self.Site, s.View.ClusterID()) },
		},
		gauge("tocsin_node_ready", "1 if the node does its duty, as /readyz says, else 0.", func(s *Scene) float64 { return yes(s.Ready.Ready) }),
		gauge("tocsin_node_problems", "Reasons for which the node is not ready: /readyz spells them out.", func(s *Scene) float64 { return float64(len(s.Ready.Problems)) }),
		split(prometheus.GaugeValue, "tocsin_node_warnings", "What endangers the cluster, and has for a minute, as this node sees it, by kind: /readyz spells it out.",
			label{"code", words(api.WarningCodes())}, warningsByCode),
		{
			meaning{"tocsin_disk_free_bytes", "What can still be written where --data-dir is; absent where that can't be told.", nil},
			prometheus.GaugeValue, func(s *Scene, set setter) {
				if s.FreeBytes != nil {
					set(float64(*s.FreeBytes))
				}
			},
		},
		gauge("tocsin_disk_little_room", "1 if that is so little that /readyz warns of it, else 0.", func(s *Scene) float64 { return yes(s.LittleRoom) }),
		{
			meaning{"tocsin_tls_certificate_expiry_timestamp_seconds", "When a certificate ends: that of the node, and that of the CA that ends first; absent where no TLS is spoken.", []label{{name: "of", values: []string{"node", "ca"}}}},
			prometheus.GaugeValue, func(s *Scene, set setter) {
				if s.Expiry != nil {
					set(float64(s.Expiry.Own.Unix()), "node")
					set(float64(s.Expiry.CA.Unix()), "ca")
				}
			},
		},
		{
			meaning{"tocsin_audit_lost_lines_total", "Lines that the file of --audit-log did not take: they stand in the log of the node alone; absent where there is no such file.", nil},
			prometheus.CounterValue, func(s *Scene, set setter) {
				if s.AuditLost != nil {
					set(float64(*s.AuditLost))
				}
			},
		},
	}
}

func warningsByCode(s *Scene, set setter) {
	count := make(map[api.WarningCode]int)
	for _, w := range s.Warnings {
		count[w.Code]++
	}
	for _, code := range api.WarningCodes() {
		set(float64(count[code]), string(code))
	}
}
