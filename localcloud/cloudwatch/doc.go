// Package cloudwatch is the CloudWatch of the local cloud: series that are fed
// by embedded metric lines, by sources that are asked once a minute and by
// PutMetricData; metric alarms and composite alarms, evaluated as AWS documents
// it; the API that the AWS CLI and the SDKs speak.
//
// Time. Timestamps are those of the wall clock, whatever the pace. A minute of
// AWS, the shortest period that there is, lasts clock.Local(60 s) here: at pace
// 60 an alarm looks at the last second, and is evaluated every second. Rates
// keep their meaning: for an alarm Sum and SampleCount are multiplied by the
// pace, so that what arrives within a second counts as what would arrive within
// the minute; Average, Minimum, Maximum and percentiles are as they are. The API
// knows only the wall clock: a period of 60 there is a minute of the wall, and
// nothing is multiplied; a period below 60 shows single minutes of AWS. Who
// writes a line a minute must therefore write one every clock.Local(60 s), and a
// figure that is no rate (distinct users, say) must not be judged by its Sum.
//
// A percentile is within 1 percent of the true value. A series keeps the last
// 96 minutes of AWS and the last 96 of the wall; an alarm that looks further back
// is refused, as is a period that is no multiple of a minute.
//
// A restart keeps the state of every alarm, its reason and since when it is on,
// but no series and no history.
//
// An anomaly band is the mean of what is kept of the metric and so many standard
// deviations to both sides; it has no bounds before it has seen 20 minutes. AWS
// learns two weeks with their daily and weekly shape; this does not.
//
// Not reproduced: high-resolution alarms, Metrics Insights and PromQL, trimmed
// means, tags, dashboards, metric streams, cross-account metrics, insight rules,
// mute rules; who may call the API.
package cloudwatch
