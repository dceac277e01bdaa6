package infra

import (
	"encoding/json"

	"newsfeed/infra/boot"
)

// hostNamespace holds what the agent measures.
const hostNamespace = "NewsFeed/Host"

// agentConfig is what the CloudWatch agent measures on an instance that EC2
// cannot see from outside, and which file it ships to the log group.
func agentConfig(logs string) (string, error) {
	type object = map[string]any
	measure := func(names ...string) object { return object{"measurement": names} }
	text, err := json.MarshalIndent(object{
		"agent": object{"metrics_collection_interval": 60},
		"metrics": object{
			"namespace":              hostNamespace,
			"append_dimensions":      object{"AutoScalingGroupName": "${aws:AutoScalingGroupName}"},
			"aggregation_dimensions": [][]string{{"AutoScalingGroupName"}},
			"metrics_collected": object{
				"mem":     measure("mem_used_percent"),
				"disk":    object{"measurement": []string{"used_percent"}, "resources": []string{"/"}},
				"net":     measure("bytes_sent", "bytes_recv", "err_in", "err_out"),
				"netstat": measure("tcp_established", "tcp_time_wait"),
			},
		},
		"logs": object{"logs_collected": object{"files": object{"collect_list": []object{{
			"file_path": boot.Log, "log_group_name": logs, "log_stream_name": "{instance_id}"}}}}},
	}, "", " ")
	return string(text), err
}
