package cloudwatch

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"newsfeed/localcloud/endpoint"
)

// serve opens the endpoint of a world that has an alarm, a composite alarm and
// three minutes of data.
func serve(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t, 60)
	w.declared("load", map[string]any{"alarmDescription": "Too much.", "treatMissingData": "ignore"})
	w.declared("share", formula("100 * a / (a + b)", map[string]string{"a": "Load", "b": "Load"}))
	if err := w.composite("region", `ALARM("load")`, nil); err != nil {
		t.Fatal(err)
	}
	w.run("load", "5 7 12")
	server := httptest.NewServer(endpoint.New(map[string]endpoint.Service{"monitoring": w}))
	t.Cleanup(server.Close)
	return w, server.URL
}

func client(url string) *sdk.Client {
	return sdk.New(sdk.Options{Region: seoul, BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
}

func TestAlarmsByTheSDK(t *testing.T) {
	t.Parallel()
	w, url := serve(t)
	c, ctx := client(url), t.Context()
	all, err := c.DescribeAlarms(ctx, &sdk.DescribeAlarmsInput{})
	if err != nil || len(all.MetricAlarms) != 2 || len(all.CompositeAlarms) != 0 {
		t.Fatalf("without types there are metric alarms alone: %+v %v", all, err)
	}
	load := all.MetricAlarms[0]
	if *load.AlarmName != "load" || load.StateValue != types.StateValueAlarm || *load.Threshold != 10 || *load.Period != 60 ||
		load.Statistic != types.StatisticMaximum || *load.TreatMissingData != "ignore" || *load.Dimensions[0].Value != seoul ||
		!load.StateTransitionedTimestamp.Equal(w.now) || !strings.HasPrefix(*load.StateReason, "Threshold Crossed: 1 datapoint [12.0") {
		t.Errorf("alarm %+v", load)
	}
	if share := all.MetricAlarms[1]; len(share.Metrics) != 3 || *share.Metrics[0].Expression != "100 * a / (a + b)" ||
		share.MetricName != nil {
		t.Errorf("alarm on an expression %+v", share)
	}
	for sentence, q := range map[string]*sdk.DescribeAlarmsInput{
		"by state and type": {AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}, StateValue: types.StateValueAlarm},
		"by its child":      {AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}, ParentsOfAlarmName: aws.String("load")},
		"by prefix":         {AlarmTypes: []types.AlarmType{types.AlarmTypeCompositeAlarm}, AlarmNamePrefix: aws.String("reg")},
	} {
		found, err := c.DescribeAlarms(ctx, q)
		if err != nil || len(found.CompositeAlarms) != 1 || *found.CompositeAlarms[0].AlarmRule != `ALARM("load")` ||
			len(found.MetricAlarms) != 0 {
			t.Errorf("%s: %+v %v", sentence, found, err)
		}
	}
	pages := sdk.NewDescribeAlarmsPaginator(c, &sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(1)})
	for n := range 2 {
		if one, err := pages.NextPage(ctx); err != nil || len(one.MetricAlarms) != 1 || pages.HasMorePages() != (n == 0) {
			t.Errorf("page %d: %+v %v", n, one, err)
		}
	}
	history, err := c.DescribeAlarmHistory(ctx, &sdk.DescribeAlarmHistoryInput{AlarmName: aws.String("load"),
		HistoryItemType: types.HistoryItemTypeStateUpdate})
	if err != nil || len(history.AlarmHistoryItems) != 2 ||
		*history.AlarmHistoryItems[0].HistorySummary != "Alarm updated from OK to ALARM" {
		t.Errorf("history %+v %v", history, err)
	}
}

func TestSettingStatesByTheSDK(t *testing.T) {
	t.Parallel()
	w, url := serve(t)
	c, ctx := client(url), t.Context()
	w.acted = nil
	_, err := c.SetAlarmState(ctx, &sdk.SetAlarmStateInput{AlarmName: aws.String("load"), StateValue: types.StateValueOk,
		StateReason: aws.String("a drill")})
	if err != nil || w.told() != "load OK, region OK" || w.list(seoul)[0].status.Reason != "a drill" {
		t.Fatalf("%v: told %s", err, w.told())
	}
	if got := w.run("load", "12"); got != "A" {
		t.Fatalf("the next evaluation has the last word: %s", got)
	}
	_, err = c.SetAlarmState(ctx, &sdk.SetAlarmStateInput{AlarmName: aws.String("none"), StateValue: types.StateValueOk,
		StateReason: aws.String("x")})
	if missing := new(types.ResourceNotFound); !errors.As(err, &missing) {
		t.Errorf("an alarm that is not there: %v", err)
	}
	if _, err := c.DisableAlarmActions(ctx, &sdk.DisableAlarmActionsInput{AlarmNames: []string{"load", "region"}}); err != nil {
		t.Fatal(err)
	}
	w.acted = nil
	if w.run("load", "5"); w.told() != "" {
		t.Errorf("actions that are disabled were taken: %s", w.told())
	}
	if _, err := c.DeleteAlarms(ctx, &sdk.DeleteAlarmsInput{AlarmNames: []string{"load"}}); err == nil || !strings.Contains(err.Error(),
		"does not have operation") {
		t.Errorf("an operation that is not here: %v", err)
	}
}

// The API knows the wall clock: nothing is scaled, at any pace.
func TestMetricsByTheSDK(t *testing.T) {
	t.Parallel()
	w, url := serve(t)
	c, ctx := client(url), t.Context()
	region := []types.Dimension{{Name: aws.String("Region"), Value: aws.String(seoul)}}
	until := w.now.Add(time.Minute)
	stats, err := c.GetMetricStatistics(ctx, &sdk.GetMetricStatisticsInput{Namespace: aws.String("NewsFeed"),
		MetricName: aws.String("Load"), Dimensions: region,
		StartTime: aws.Time(beginning), EndTime: &until, Period: aws.Int32(60),
		Statistics:         []types.Statistic{types.StatisticSum, types.StatisticSampleCount, types.StatisticMaximum},
		ExtendedStatistics: []string{"p50"}})
	if err != nil || len(stats.Datapoints) != 1 {
		t.Fatalf("%+v %v", stats, err)
	}
	d := stats.Datapoints[0]
	if *d.Sum != 24 || *d.SampleCount != 3 || *d.Maximum != 12 || d.Average != nil || d.Unit != types.StandardUnitCount ||
		d.ExtendedStatistics["p50"] < 6.9 || d.ExtendedStatistics["p50"] > 7.1 || !d.Timestamp.Equal(beginning) {
		t.Errorf("datapoint %+v", d)
	}
	stat := func(period int32) *types.MetricStat {
		return &types.MetricStat{Period: &period, Stat: aws.String("Sum"),
			Metric: &types.Metric{Namespace: aws.String("NewsFeed"), MetricName: aws.String("Load"), Dimensions: region}}
	}
	data, err := c.GetMetricData(ctx, &sdk.GetMetricDataInput{StartTime: aws.Time(beginning), EndTime: aws.Time(w.now),
		ScanBy: types.ScanByTimestampAscending,
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("m"), MetricStat: stat(1), ReturnData: aws.Bool(false)},
			{Id: aws.String("twice"), Expression: aws.String("2 * m")}, {Id: aws.String("more"), Expression: aws.String("twice + 1"),
				Label: aws.String("More")}}})
	if err != nil || len(data.MetricDataResults) != 2 {
		t.Fatalf("%+v %v", data, err)
	}
	more := data.MetricDataResults[1]
	if *more.Label != "More" || len(more.Values) != 3 || more.Values[0] != 11 || more.Values[2] != 25 ||
		!more.Timestamps[1].Equal(beginning.Add(time.Second)) {
		t.Errorf("minutes of AWS, by an expression of an expression: %+v", more)
	}
	_, err = c.PutMetricData(ctx, &sdk.PutMetricDataInput{Namespace: aws.String("Mine"), MetricData: []types.MetricDatum{
		{MetricName: aws.String("A"), Values: []float64{1, 2}, Counts: []float64{3, 1}},
		{MetricName: aws.String("B"), StatisticValues: &types.StatisticSet{SampleCount: aws.Float64(4), Sum: aws.Float64(10),
			Minimum: aws.Float64(1), Maximum: aws.Float64(4)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutMetricData(ctx, &sdk.PutMetricDataInput{Namespace: aws.String("AWS/RDS"),
		MetricData: []types.MetricDatum{{MetricName: aws.String("A")}}}); err == nil {
		t.Error("a namespace of AWS was written to")
	}
	listed, err := c.ListMetrics(ctx, &sdk.ListMetricsInput{Namespace: aws.String("Mine")})
	if err != nil || len(listed.Metrics) != 2 {
		t.Errorf("metrics %+v %v", listed, err)
	}
	for name, sum := range map[string]float64{"A": 5, "B": 10} {
		if all := w.store.window(Metric{Namespace: "Mine", Name: name}.key(seoul), "", number(w.now, w.tick)+1, 1, 1)[0]; all.sum != sum ||
			all.count != 4 {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// What SDKs of before 2026 send: the JSON protocol, and the query protocol before
// that.
func TestOlderProtocols(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for sentence, c := range map[string]struct{ kind, target, body, want string }{
		"JSON": {"application/x-amz-json-1.0", "GraniteServiceVersion20100801.DescribeAlarms", `{"AlarmNames":["load"]}`,
			`"StateTransitionedTimestamp":1795338003,`},
		"JSON with a time": {"application/x-amz-json-1.0", "GraniteServiceVersion20100801.GetMetricStatistics",
			`{"Namespace":"NewsFeed","MetricName":"Load","Dimensions":[{"Name":"Region","Value":"ap-northeast-2"}],` +
				`"StartTime":1795338000,"EndTime":1795338060.5,"Period":60,"Statistics":["Sum"]}`, `"Sum":24`},
		"JSON that fails": {"application/x-amz-json-1.0", "GraniteServiceVersion20100801.SetAlarmState",
			`{"AlarmName":"none","StateValue":"OK","StateReason":""}`, `"__type":"ResourceNotFound"`},
		"query": {"application/x-www-form-urlencoded", "", "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=load",
			"<StateValue>ALARM</StateValue>"},
		"query with a number": {"application/x-www-form-urlencoded", "",
			"Action=PutMetricData&Version=2010-08-01&Namespace=Mine&MetricData.member.1.MetricName=A&MetricData.member.1.Value=1.5",
			"<PutMetricDataResponse"},
		"query with a time": {"application/x-www-form-urlencoded", "",
			"Action=GetMetricStatistics&Version=2010-08-01&Namespace=NewsFeed&MetricName=Load&Period=60" +
				"&Dimensions.member.1.Name=Region&Dimensions.member.1.Value=ap-northeast-2&StartTime=2026-11-22T09:00:00Z&" +
				"EndTime=2026-11-22T09:01:00Z&Statistics.member.1=Sum", "<Sum>24</Sum>"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		r.Header.Set("X-Amz-Target", c.target)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261122/"+seoul+"/monitoring/aws4_request, "+
			"SignedHeaders=host, Signature=0")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		answer.Write(&text)
		answer.Body.Close()
		if !strings.Contains(text.String(), c.want) {
			t.Errorf("%s: %s, want %s", sentence, text.String(), c.want)
		}
	}
}

// The command of the runbook, with whatever AWS CLI there is.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no AWS CLI on this machine")
	}
	_, url := serve(t)
	c := exec.CommandContext(t.Context(), cli, "cloudwatch", "describe-alarms", "--region", seoul, "--state-value", "ALARM",
		"--query", "MetricAlarms[].[AlarmName,StateReason]", "--output", "text")
	c.Env = append(c.Environ(), "AWS_ENDPOINT_URL="+url, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=/dev/null", "AWS_PAGER=")
	got, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if !strings.HasPrefix(string(got), "load\tThreshold Crossed: 1 datapoint [12.0 (22/11/26 09:00:02)] was greater") {
		t.Errorf("alarms that are on: %s", got)
	}
}

// Requests that are no requests end with an answer.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for _, body := range []string{"", "\xff", "\xa1\x61a", strings.Repeat("\x81", 1<<16), "\xf6", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", url+"/service/GraniteServiceVersion20100801/operation/GetMetricData",
			strings.NewReader(body))
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261122/"+seoul+"/monitoring/aws4_request, "+
			"SignedHeaders=host, Signature=0")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("%.10q: %v", body, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%.10q: %s", body, answer.Status)
		}
	}
	_, err := client(url).GetMetricData(t.Context(), &sdk.GetMetricDataInput{StartTime: aws.Time(beginning),
		EndTime:           aws.Time(beginning.AddDate(0, 0, 1)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("x"), Expression: aws.String("SEARCH('x', 'Sum')")}}})
	if failed := smithy.APIError(nil); !errors.As(err, &failed) {
		t.Errorf("an expression alone: %v", err)
	}
}
