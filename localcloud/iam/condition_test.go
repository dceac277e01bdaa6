package iam_test

import (
	"strings"
	"testing"
)

// Sources: IAM user guide, reference_policies_elements_condition_operators and
// reference_policies_condition-single-vs-multi-valued-context-keys.
func TestConditions(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	for sentence, c := range map[string]struct {
		condition string // operator, key, values
		want      bool
	}{
		"equal":                                     {`"StringEquals": {"s3:prefix": "a"}`, yes},
		"one of several values is enough":           {`"StringEquals": {"s3:prefix": ["b", "a"]}`, yes},
		"another value":                             {`"StringEquals": {"s3:prefix": "A"}`, no},
		"names of keys have no case":                {`"StringEquals": {"S3:Prefix": "a"}`, yes},
		"all keys must hold":                        {`"StringEquals": {"s3:prefix": "a", "s3:max-keys": "1"}`, no},
		"all operators must hold":                   {`"StringEquals": {"s3:prefix": "a"}, "NumericEquals": {"s3:max-keys": "10"}`, yes},
		"an absent key does not match":              {`"StringEquals": {"s3:delimiter": "/"}`, no},
		"an absent key passes a negated operator":   {`"StringNotEquals": {"s3:delimiter": "/"}`, yes},
		"a negated operator is against all values":  {`"StringNotEquals": {"s3:prefix": ["b", "a"]}`, no},
		"IfExists passes an absent key":             {`"StringEqualsIfExists": {"s3:delimiter": "/"}`, yes},
		"IfExists compares one that is there":       {`"StringEqualsIfExists": {"s3:prefix": "b"}`, no},
		"Null true wants it absent":                 {`"Null": {"s3:delimiter": "true"}`, yes},
		"Null false wants it there":                 {`"Null": {"s3:delimiter": false}`, no},
		"ForAllValues passes an absent key":         {`"ForAllValues:StringEquals": {"s3:delimiter": "/"}`, yes},
		"ForAnyValue does not":                      {`"ForAnyValue:StringEquals": {"s3:delimiter": "/"}`, no},
		"nor does it negated":                       {`"ForAnyValue:StringNotEquals": {"s3:delimiter": "/"}`, no},
		"ForAnyValue":                               {`"ForAnyValue:StringLike": {"s3:prefix": "?"}`, yes},
		"without case":                              {`"StringEqualsIgnoreCase": {"s3:prefix": "A"}`, yes},
		"without case, negated":                     {`"StringNotEqualsIgnoreCase": {"s3:prefix": "A"}`, no},
		"a pattern":                                 {`"StringLike": {"aws:userid": "AROA1:i-*"}`, yes},
		"a pattern, negated":                        {`"StringNotLike": {"aws:userid": "AROA1:i-*"}`, no},
		"equal takes no pattern":                    {`"StringEquals": {"aws:userid": "AROA1:i-*"}`, no},
		"an ARN":                                    {`"ArnEquals": {"aws:PrincipalArn": "` + role + `"}`, yes},
		"an ARN's pattern, also of ArnEquals":       {`"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`, yes},
		"an ARN's * stays within its part":          {`"ArnLike": {"aws:PrincipalArn": "arn:*:role/newsfeed/web:::"}`, no},
		"an ARN, negated":                           {`"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x*"}`, yes},
		"Bool":                                      {`"Bool": {"aws:SecureTransport": true}`, yes},
		"Bool as text, and false":                   {`"Bool": {"aws:SecureTransport": "false"}`, no},
		"less":                                      {`"NumericLessThan": {"s3:max-keys": 11}`, yes},
		"not less":                                  {`"NumericLessThan": {"s3:max-keys": "10"}`, no},
		"less or equal":                             {`"NumericLessThanEquals": {"s3:max-keys": "10.0"}`, yes},
		"greater or equal":                          {`"NumericGreaterThanEquals": {"s3:max-keys": "11"}`, no},
		"not equal as numbers":                      {`"NumericNotEquals": {"s3:max-keys": "10"}`, no},
		"later than a date":                         {`"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}`, yes},
		"earlier than a day":                        {`"DateLessThan": {"aws:CurrentTime": "2020-01-01"}`, no},
		"later in seconds since 1970":               {`"DateGreaterThan": {"aws:EpochTime": "1577836800"}`, yes},
		"an address in a block":                     {`"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`, yes},
		"an address, negated":                       {`"NotIpAddress": {"aws:SourceIp": ["192.0.2.1", "10.1.0.0/16"]}`, no},
		"the session's kind":                        {`"StringEquals": {"aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": "` + number + `"}`, yes},
		"its region":                                {`"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}`, yes},
		"no service's source, for none is the user": {`"StringEquals": {"aws:SourceAccount": "` + number + `"}`, no},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.allow(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {` + c.condition + `}}}`)
			err := a.caller().Permit("sqs:SendMessage", queue,
				map[string]string{"s3:prefix": "a", "s3:max-keys": "10", "aws:sourceip": "10.1.2.3"})
			if err == nil != c.want || err != nil && !strings.Contains(err.Error(), "no identity-based policy") {
				t.Errorf("%s: %v", c.condition, err)
			}
		})
	}
}
