package infra

import "strings"

// The memory of each size in GiB, by family. The families are those that both
// regions have, and of arm64, which the feed binary is built for.
var (
	memoryT = map[string]int{"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
	memoryM = map[string]int{"medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64, "8xlarge": 128, "12xlarge": 192, "16xlarge": 256}
	memoryC = map[string]int{"medium": 2, "large": 4, "xlarge": 8, "2xlarge": 16, "4xlarge": 32, "8xlarge": 64, "12xlarge": 96, "16xlarge": 128}
	memoryR = map[string]int{"medium": 8, "large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128, "8xlarge": 256, "12xlarge": 384, "16xlarge": 512}

	instanceFamilies = map[string]map[string]int{"t4g": memoryT, "m6g": memoryM, "m7g": memoryM,
		"c6g": memoryC, "c7g": memoryC, "r6g": memoryR, "r7g": memoryR}
	databaseFamilies = map[string]map[string]int{"t4g": memoryT, "m6g": memoryM, "m7g": memoryM, "r6g": memoryR, "r7g": memoryR}
	cacheFamilies    = databaseFamilies
)

// lacking are the sizes that EC2 has and a managed service has not.
func lacking(prefix, family, size string) bool {
	if family != "t4g" {
		return prefix != "" && size == "medium"
	}
	return prefix == "cache." && memoryT[size] > memoryT["medium"]
}

// instance checks the type of an EC2 instance, like class.
func (p *problems) instance(path, value string) int {
	return p.class(path, "", value, instanceFamilies)
}

// class checks a type or class that begins with prefix and returns its memory
// in GiB, 0 if there is no such class.
func (p *problems) class(path, prefix, value string, families map[string]map[string]int) int {
	name, found := strings.CutPrefix(value, prefix)
	family, size, _ := strings.Cut(name, ".")
	sizes := families[family]
	if !found || sizes == nil {
		all := sortedKeys(families)
		p.add(path, "is %q, must be %s<family>.<size> of an arm64 family that both regions have: %s", value, prefix, strings.Join(all, ", "))
		return 0
	}
	if sizes[size] == 0 || lacking(prefix, family, size) {
		p.add(path, "is %q, but %s has no size %q", value, family, size)
		return 0
	}
	return sizes[size]
}

// alike returns the instance types that can stand in for one: the same size of
// the families with the same memory, the one itself first.
func alike(instanceType string) []string {
	family, size, _ := strings.Cut(instanceType, ".")
	all := []string{instanceType}
	for _, other := range sortedKeys(instanceFamilies) {
		if other != family && instanceFamilies[other][size] == instanceFamilies[family][size] {
			all = append(all, other+"."+size)
		}
	}
	return all
}
