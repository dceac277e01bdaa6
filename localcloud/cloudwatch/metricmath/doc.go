// Package metricmath is CloudWatch's metric math: expressions over series of
// one period. Source of what the functions do and of what a missing data point
// means to each: "Using math expressions with CloudWatch metrics" in the
// CloudWatch user guide.
//
// Where the guide is silent: MIN, MAX and STDDEV of several series pass over
// those that have no value at a time, and FILL fills a series without any
// value.
//
// Not reproduced, and refused: SEARCH, SORT, SLICE, INSIGHT_RULE_METRIC,
// SERVICE_QUOTA, the functions of the calendar (HOUR, DAY, ...), LAMBDA and
// Metrics Insights queries.
package metricmath
