package cloudwatch

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The words are AWS's, as its users quote them from notifications and histories:
// Threshold Crossed with and without "out of the last", with missing datapoints
// treated as something, and Insufficient Data.

// apiTime is how CloudWatch writes a time in what is JSON within a text.
const apiTime = "2006-01-02T15:04:05.000-0700"

func stamp(at time.Time) string { return at.UTC().Format(apiTime) }

// reason tells why an alarm has the state of the verdict.
func (w *watch) reason(v verdict) string {
	if v.state == InsufficientData {
		return fmt.Sprintf("Insufficient Data: %s unknown.", plural(v.unknown, "datapoint was", "datapoints were"))
	}
	var support []string
	for _, p := range v.evaluated {
		if p.breaching == (v.state == Alarm) {
			support = append(support, fmt.Sprintf("%s (%s)", float(p.value), p.at.Format("02/01/06 15:04:05")))
		}
	}
	filled := ""
	if v.filled > 0 {
		as := "NonBreaching"
		if w.treatment == treatBreaching {
			as = "Breaching"
		}
		filled = fmt.Sprintf("%s treated as [%s]", plural(v.filled, "missing datapoint was", "missing datapoints were"), as)
	}
	if len(support) == 0 { // what is missing has decided
		received := "no datapoints were"
		if n := len(v.evaluated); n > 0 {
			received = plural(n, "datapoint was", "datapoints were")
		}
		return fmt.Sprintf("Threshold Crossed: %s received for %s and %s.", received, plural(w.periods, "period",
			"periods"), filled)
	}
	return "Threshold Crossed: " + w.crossing(v.state, support) + prefixed(" and ", filled) + w.minimum(v.state) + "."
}

// crossing tells which datapoints speak for the state.
func (w *watch) crossing(state State, support []string) string {
	count, were := plural(len(support), "datapoint", "datapoints"), "was "
	if len(support) > 1 {
		were = "were "
	}
	if w.datapointsGiven {
		count = fmt.Sprintf("%d out of the last %s", len(support), plural(w.periods, "datapoints", "datapoints"))
	}
	if state == OK {
		were += "not "
	}
	threshold := fmt.Sprintf("the threshold (%s)", float(w.threshold))
	if w.comparison.band {
		threshold = "the upper thresholds"
		if strings.HasPrefix(w.comparison.words, "less than") && !strings.Contains(w.comparison.words, "or greater") {
			threshold = "the lower thresholds"
		}
	}
	return fmt.Sprintf("%s [%s] %s%s %s", count, strings.Join(support, ", "), were, w.comparison.words, threshold)
}

// minimum is what an M out of N alarm says at the end.
func (w *watch) minimum(state State) string {
	switch {
	case !w.datapointsGiven:
		return ""
	case state == OK:
		return fmt.Sprintf(" (minimum %s for ALARM -> OK transition)", plural(w.periods-w.datapoints+1, "datapoint",
			"datapoints"))
	}
	return fmt.Sprintf(" (minimum %s for OK -> ALARM transition)", plural(w.datapoints, "datapoint", "datapoints"))
}

func plural(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + several
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// float writes a number as Java does, in which CloudWatch is written: 1.0, 0.05,
// 1.0E7.
func float(v float64) string {
	if size := math.Abs(v); v != 0 && (size < 1e-3 || size >= 1e7) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'E', -1, 64), "E")
		n, _ := strconv.Atoi(exponent)
		return pointed(mantissa) + "E" + strconv.Itoa(n)
	}
	return pointed(strconv.FormatFloat(v, 'f', -1, 64))
}

func pointed(digits string) string {
	if strings.Contains(digits, ".") {
		return digits
	}
	return digits + ".0"
}

// number64 is a number in JSON, as Java writes it.
type number64 float64

// MarshalJSON implements json.Marshaler.
func (n number64) MarshalJSON() ([]byte, error) { return []byte(float(float64(n))), nil }

type reasonData struct {
	Version   string      `json:"version"`
	QueryDate string      `json:"queryDate"`
	StartDate string      `json:"startDate,omitempty"`
	Statistic string      `json:"statistic,omitempty"`
	Unit      string      `json:"unit,omitempty"`
	Period    int         `json:"period"`
	Recent    []number64  `json:"recentDatapoints"`
	Lower     []number64  `json:"recentLowerThresholds,omitempty"`
	Upper     []number64  `json:"recentUpperThresholds,omitempty"`
	Threshold *number64   `json:"threshold,omitempty"`
	Evaluated []datapoint `json:"evaluatedDatapoints"`
}

type datapoint struct {
	Timestamp   string    `json:"timestamp"`
	SampleCount *number64 `json:"sampleCount,omitempty"`
	Value       *number64 `json:"value,omitempty"`
}

// reasonData is the reason for programs: what was received, the oldest first,
// and what was looked at, the newest first.
func (w *watch) reasonData(now time.Time, points []point, v verdict) string {
	data := reasonData{Version: "1.0", QueryDate: stamp(now), Period: w.minutes * 60, Recent: []number64{}}
	if w.simple {
		data.Statistic, data.Unit = w.judged().statistic.name, w.judged().unit
	}
	if !w.comparison.band {
		data.Threshold = new(number64(w.threshold))
	}
	for _, p := range slices.Backward(v.evaluated) {
		if data.StartDate == "" {
			data.StartDate = stamp(p.at)
		}
		data.Recent = append(data.Recent, number64(p.value))
		if w.comparison.band && !math.IsNaN(p.lower) {
			data.Lower, data.Upper = append(data.Lower, number64(p.lower)), append(data.Upper, number64(p.upper))
		}
	}
	for _, p := range points[:w.periods] {
		d := datapoint{Timestamp: stamp(p.at)}
		if !p.missing() {
			d.Value = new(number64(p.value))
			if w.simple {
				d.SampleCount = new(number64(p.count))
			}
		}
		data.Evaluated = append(data.Evaluated, d)
	}
	return encode(data)
}

// triggering is the reason of a composite alarm for programs.
func triggering(children []*alarm) string {
	type child struct {
		ARN   string `json:"arn"`
		State struct {
			Value     State  `json:"value"`
			Timestamp string `json:"timestamp"`
		} `json:"state"`
	}
	all := make([]child, len(children))
	for i, a := range children {
		all[i].ARN = a.arn
		all[i].State.Value, all[i].State.Timestamp = a.status.State, stamp(a.status.Transitioned)
	}
	return encode(map[string]any{"triggeringAlarms": all})
}

// encode writes JSON of what can always be written, with < and > as they are.
func encode(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "{}"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
