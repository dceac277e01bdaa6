package rules

import (
	"encoding/json"
	"fmt"
)

func brokenRedrive(text, _ string) error {
	var policy map[string]any
	if err := decode(text, &policy); err != nil {
		return err
	}
	if err := known(policy, []string{"deadLetterTargetArn", "maxReceiveCount"}); err != nil {
		return err
	}
	arn, _ := policy["deadLetterTargetArn"].(string)
	if brokenARN(arn, "") != nil {
		return fmt.Errorf("deadLetterTargetArn is %q, must be the ARN of a queue", arn)
	}
	count, number := policy["maxReceiveCount"].(json.Number)
	if n, err := count.Int64(); !number || err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("maxReceiveCount is %v, must be a number from 1 to 1000", policy["maxReceiveCount"])
	}
	return nil
}

func brokenRedriveAllow(text, _ string) error {
	var policy map[string]any
	if err := decode(text, &policy); err != nil {
		return err
	}
	if err := known(policy, []string{"redrivePermission", "sourceQueueArns"}); err != nil {
		return err
	}
	sources, given := policy["sourceQueueArns"].([]any)
	switch policy["redrivePermission"] {
	case "allowAll", "denyAll":
		if given {
			return fmt.Errorf("sourceQueueArns goes with byQueue only")
		}
	case "byQueue":
		if len(sources) < 1 || len(sources) > 10 {
			return fmt.Errorf("sourceQueueArns has %d queues, must have 1 to 10", len(sources))
		}
	default:
		return fmt.Errorf("redrivePermission is %v, must be allowAll, denyAll or byQueue", policy["redrivePermission"])
	}
	return nil
}
