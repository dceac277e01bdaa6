package cloudwatch

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// The words of reasons are those that AWS has used: each is quoted from a
// notification or a history that somebody has published.
func TestReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change       map[string]any
		values, want string
	}{
		{map[string]any{"comparisonOperator": "LessThanThreshold", "threshold": 20.0}, "0",
			"Threshold Crossed: 1 datapoint [0.0 (22/11/26 09:00:00)] was less than the threshold (20.0)."},
		{map[string]any{"evaluationPeriods": 3.0, "threshold": 60.0}, "late 1 0.05 5",
			"Threshold Crossed: 3 datapoints [5.0 (22/11/26 09:00:02), 0.05 (22/11/26 09:00:01), 1.0 (22/11/26 09:00:00)] were " +
				"not greater than the threshold (60.0)."},
		{map[string]any{"datapointsToAlarm": 1.0, "threshold": 0.0}, "1",
			"Threshold Crossed: 1 out of the last 1 datapoints [1.0 (22/11/26 09:00:00)] was greater than the threshold (0.0) " +
				"(minimum 1 datapoint for OK -> ALARM transition)."},
		{map[string]any{"evaluationPeriods": 3.0, "datapointsToAlarm": 3.0, "comparisonOperator": "GreaterThanOrEqualToThreshold",
			"threshold": 80.0}, "late 1 2 3",
			"Threshold Crossed: 3 out of the last 3 datapoints [3.0 (22/11/26 09:00:02), 2.0 (22/11/26 09:00:01), 1.0 (22/11/26 09:00:00)] " +
				"were not greater than or equal to the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition)."},
		{map[string]any{"evaluationPeriods": 20.0, "datapointsToAlarm": 1.0, "comparisonOperator": "GreaterThanOrEqualToThreshold",
			"threshold":        1.0,
			"treatMissingData": "notBreaching"}, "613",
			"Threshold Crossed: 1 out of the last 20 datapoints [613.0 (22/11/26 09:00:00)] was greater than or equal to the threshold (1.0) " +
				"and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition)."},
		{map[string]any{"evaluationPeriods": 2.0, "treatMissingData": "breaching"}, "-",
			"Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."},
		{map[string]any{"treatMissingData": "notBreaching"}, "-",
			"Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."},
		{map[string]any{"evaluationPeriods": 3.0, "datapointsToAlarm": 2.0, "treatMissingData": "breaching"}, "5",
			"Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching]."},
		{nil, "5 - - -", "Insufficient Data: 1 datapoint was unknown."},
		{map[string]any{"evaluationPeriods": 5.0}, "5 - - - - - - -", "Insufficient Data: 5 datapoints were unknown."},
	} {
		w := newWorld(t, 60)
		w.declared("x", c.change)
		if values, late := strings.CutPrefix(c.values, "late "); late { // the alarm is made when its data are there
			w.remove(address{seoul, "x"}, "arn:aws:cloudwatch:"+seoul+":000000000000:alarm:x")
			before, last := values[:len(values)-2], values[len(values)-1:]
			for v := range strings.FieldsSeq(before) {
				n, _ := strconv.ParseFloat(v, 64)
				w.minute(w.put(n))
			}
			w.declared("x", c.change)
			c.values = last
		}
		if w.run("x", c.values); w.list(seoul)[0].status.Reason != c.want {
			t.Errorf("%v, %s:\n got %s\nwant %s", c.change, c.values, w.list(seoul)[0].status.Reason, c.want)
		}
	}
}

func TestNumbersAsJavaWritesThem(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0.0", 1: "1.0", 65.61771561771562: "65.61771561771562", 0.001: "0.001", 0.0001: "1.0E-4",
		1e7: "1.0E7", 9999999: "9999999.0", -12345678.5: "-1.23456785E7", 53687091200: "5.36870912E10"} {
		if got := float(v); got != want {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
}

// Both messages are held to what AWS has sent, member by member in its order.
func TestMessages(t *testing.T) {
	t.Parallel()
	const arns = `"OKActions":["arn:aws:sns:ap-northeast-2:000000000000:pager"],` +
		`"AlarmActions":["arn:aws:sns:ap-northeast-2:000000000000:pager"],"InsufficientDataActions":[]`
	head := `{"AlarmName":"x","AlarmDescription":"Too much.\nRunbook: docs/runbook.md#x","AWSAccountId":"000000000000",` +
		`"AlarmConfigurationUpdatedTimestamp":"2026-11-22T09:00:00.000+0000","NewStateValue":"ALARM","NewStateReason":"REASON",` +
		`"StateChangeTime":"2026-11-22T09:00:01.000+0000","Region":"Asia Pacific (Seoul)",` +
		`"AlarmArn":"arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:x",` +
		`"OldStateValue":"INSUFFICIENT_DATA",` + arns + `,"Trigger":`
	expression := formula("FILL(a, 0) > 0", map[string]string{"a": "Load"})
	expression["threshold"], expression["alarmDescription"] = 0.0, "Too much.\nRunbook: docs/runbook.md#x"
	for sentence, c := range map[string]struct {
		change       map[string]any
		reason, want string
	}{
		"a metric": {map[string]any{"alarmDescription": "Too much.\nRunbook: docs/runbook.md#x", "treatMissingData": "missing",
			"datapointsToAlarm": 1.0},
			"Threshold Crossed: 1 out of the last 1 datapoints [12.0 (22/11/26 09:00:00)] was greater than the threshold (10.0) " +
				"(minimum 1 datapoint for OK -> ALARM transition).",
			`{"MetricName":"Load","Namespace":"NewsFeed","StatisticType":"Statistic","Statistic":"MAXIMUM","Unit":null,` +
				`"Dimensions":[{"value":"ap-northeast-2","name":"Region"}],` +
				`"Period":60,"EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold",` +
				`"Threshold":10.0,"TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}}`},
		"an expression": {expression, "Threshold Crossed: 1 datapoint [1.0 (22/11/26 09:00:00)] was greater than the threshold (0.0).",
			`{"Period":60,"EvaluationPeriods":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":0.0,` +
				`"TreatMissingData":"","EvaluateLowSampleCountPercentile":"",` +
				`"Metrics":[{"Expression":"FILL(a, 0) > 0","Id":"result","Label":"it","ReturnData":true},{"Id":"a",` +
				`"MetricStat":{"Metric":{"Dimensions":[{"value":"ap-northeast-2","name":"Region"}],` +
				`"MetricName":"Load","Namespace":"NewsFeed"},"Period":60,"Stat":"Sum"},"ReturnData":false}]}}`},
	} {
		w := newWorld(t, 60)
		w.declared("x", c.change)
		w.run("x", "12")
		want := strings.Replace(head, "REASON", c.reason, 1) + c.want
		if len(w.acted) != 1 || w.acted[0].Message != want {
			t.Errorf("%s:\n got %s\nwant %s", sentence, w.acted[0].Message, want)
		}
		var read events.CloudWatchAlarmSNSPayload // as the function that tells Slack reads it
		if err := json.Unmarshal([]byte(w.acted[0].Message), &read); err != nil || read.NewStateReason != c.reason ||
			read.Trigger.Threshold != decode(t, w.acted[0].Message)["Trigger"].(map[string]any)["Threshold"] {
			t.Errorf("%s is read as %+v, %v", sentence, read, err)
		}
		if got := w.acted[0].Subject; got != `ALARM: "x" in Asia Pacific (Seoul)` {
			t.Errorf("subject %s", got)
		}
	}
}

func TestReasonData(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	w.declared("x", map[string]any{"evaluationPeriods": 2.0})
	w.run("x", "11 12")
	const want = `{"version":"1.0","queryDate":"2026-11-22T09:00:02.000+0000","startDate":"2026-11-22T09:00:00.000+0000",` +
		`"statistic":"Maximum","period":60,` +
		`"recentDatapoints":[11.0,12.0],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2026-11-22T09:00:01.000+0000",` +
		`"sampleCount":60.0,"value":12.0},` +
		`{"timestamp":"2026-11-22T09:00:00.000+0000","sampleCount":60.0,"value":11.0}]}`
	if got := w.list(seoul)[0].status.ReasonData; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}
