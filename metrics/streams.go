package metrics

// streamFigures are about the scripts that stay.
func streamFigures() []figure {
	return []figure{
		gauge("tocsin_stream_running", "Processes of scripts that stay, for check: stream, that run now.", func(s *Scene) float64 { return float64(s.Streams.Running) }),
		counter("tocsin_stream_starts_total", "Times that such a script was started.", func(s *Scene) uint64 { return s.Streams.Starts }),
		counter("tocsin_stream_failures_total", "Times that one ended by itself, or was ended because it answered nothing, or what nobody had asked.", func(s *Scene) uint64 { return s.Streams.Failures }),
		counter("tocsin_stream_late_answers_total", "Answers that came after the deadline of their check.", func(s *Scene) uint64 { return s.Streams.Late }),
		counter("tocsin_stream_refused_lines_total", "Lines that answered no check.", func(s *Scene) uint64 { return s.Streams.Refused }),
	}
}
