package metricmath_test

import (
	"fmt"
	"strconv"
	"strings"

	"newsfeed/localcloud/cloudwatch/metricmath"
)

func number(field string) (float64, error) {
	if field == "-" {
		return metricmath.Missing, nil
	}
	return strconv.ParseFloat(field, 64)
}

// show writes a series as the tests do; -0 is 0.
func show(s metricmath.Series) string {
	var fields []string
	for _, v := range s {
		field := "-"
		if !metricmath.IsMissing(v) {
			field = fmt.Sprintf("%.10g", v+0)
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, ", ")
}
