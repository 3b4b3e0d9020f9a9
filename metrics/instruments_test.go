package metrics_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/api"
	"tocsin/fsm"
	"tocsin/health"
	"tocsin/hold"
	"tocsin/metrics"
	"tocsin/notify"
	"tocsin/quorum"
	"tocsin/verify"
)

// TestInstruments_ShowWhatTheyWereTold, and what they were never told as 0.
func TestInstruments_ShowWhatTheyWereTold(t *testing.T) {
	m := metrics.New(metrics.Config{Source: newStage(t, 1)})
	m.Checks.Checked(fsm.CheckTCP, verify.Sample{Status: health.Down, TimedOut: true, Duration: 2 * time.Second, Late: 3 * time.Second})
	m.Checks.Checked("from the future", verify.Sample{TimedOut: true}) // and does no harm
	m.Checks.Dropped(fsm.CheckHTTP)
	m.Checks.Stuck(fsm.CheckScript)
	m.Decisions.Proposed(quorum.Overtaken, time.Second)
	m.Decisions.Changed(&fsm.Event{To: health.Down})
	m.Decisions.HeldBack(hold.Pause)
	m.Notifications.Ran(notify.RunTimedOut, 5*time.Second)
	m.Notifications.Reported(errors.New("nobody answers"))
	m.Writes.Done(time.Second, fmt.Errorf("%w (too late)", api.ErrNoLeader))
	m.Writes.Done(time.Second, &fsm.Refusal{})
	m.Writes.Done(time.Second, errors.New("anything else"))
	m.Requests.Served("", "BREW", 405)

	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`tocsin_check_duration_seconds_sum{kind="tcp",result="DOWN"} 2`,
		`tocsin_check_duration_seconds_count{kind="tcp",result="UP"} 0`,
		`tocsin_check_late_seconds_sum 3`,
		`tocsin_check_timeouts_total{kind="tcp"} 1`,
		`tocsin_check_timeouts_total{kind="script"} 0`,
		`tocsin_check_dropped_total{kind="http"} 1`,
		`tocsin_check_stuck_total{kind="script"} 1`,
		`tocsin_quorum_decision_duration_seconds_sum{result="overtaken"} 1`,
		`tocsin_quorum_events_total{baseline="false",to="DOWN"} 1`,
		`tocsin_quorum_events_total{baseline="true",to="UP"} 0`,
		`tocsin_quorum_held_back_total{by="pause"} 1`,
		`tocsin_notify_run_duration_seconds_sum{result="timed-out"} 5`,
		`tocsin_notify_reports_total{result="failed"} 1`,
		`tocsin_notify_ended_total{ending="gave-up"} 0`,
		`tocsin_write_duration_seconds_count{result="no-leader"} 1`,
		`tocsin_write_duration_seconds_count{result="refused"} 1`,
		`tocsin_write_duration_seconds_count{result="failed"} 1`,
		`tocsin_http_requests_total{code="405",method="other",route="none"} 1`,
	} {
		if !strings.Contains(recorder.Body.String(), "\n"+line+"\n") {
			t.Errorf("%s is not on the page", line)
		}
	}
}
