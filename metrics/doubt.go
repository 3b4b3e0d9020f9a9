package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tocsin/doubt"
)

// doubtFigures are about what the node thinks of itself.
func doubtFigures() []figure {
	return []figure{
		split(prometheus.GaugeValue, "tocsin_doubt_abstains", "1 for the reason for which the node abstains at present, else 0.",
			label{"reason", words(doubt.Causes())}, func(s *Scene, set setter) {
				for _, c := range doubt.Causes() {
					set(yes(s.Doubt.Cause == c), string(c))
				}
			}),
		counter("tocsin_doubt_abstentions_total", "Times that the node has begun to abstain.", func(s *Scene) uint64 { return s.Doubt.Abstentions }),
		counter("tocsin_doubt_standstills_total", "Times that the process, or the machine, was found to have stood still.", func(s *Scene) uint64 { return s.Doubt.Standstills }),
	}
}
