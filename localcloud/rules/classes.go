package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The sizes of the families that this project may meet, those of x86 and arm64
// alike. A family that is not here is not known, and passes.
var (
	burstable = []string{"nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"}
	seventh   = []string{"medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "metal"}
	eighth    = append(slices.Clone(seventh), "24xlarge", "48xlarge", "metal-24xl", "metal-48xl")
	fifth     = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "9xlarge", "12xlarge", "16xlarge",
		"18xlarge", "24xlarge", "metal"}
	sixth = append(slices.Clone(fifth), "32xlarge", "48xlarge", "metal-24xl", "metal-48xl")

	families = map[string][]string{
		"t2": burstable, "t3": burstable, "t3a": burstable, "t4g": burstable,
		"m6g": seventh, "c6g": seventh, "r6g": seventh, "r6gd": seventh, "m7g": seventh, "c7g": seventh, "r7g": seventh,
		"m8g": eighth, "c8g": eighth, "r8g": eighth, "m5": fifth, "c5": fifth, "r5": fifth,
		"m6i": sixth, "c6i": sixth, "r6i": sixth, "m7i": sixth, "c7i": sixth, "r7i": sixth,
		"m5a": fifth, "r5a": fifth, "m6a": sixth, "r6a": sixth,
	}
)

func isInstanceType(typ, kind string) bool {
	return strings.HasPrefix(typ, "aws:ec2/launchTemplate:") && kind == "instanceType" ||
		strings.HasPrefix(typ, "aws:ec2/instance:") && kind == "instanceType" ||
		strings.HasPrefix(typ, "aws:autoscaling/group:") && strings.HasSuffix(kind, "overrides[].instanceType")
}

func brokenInstanceType(text, _ string) error { return brokenSize(text) }

// brokenClass is for what a managed service calls an instance type.
func brokenClass(prefix string) func(text, region string) error {
	return func(text, _ string) error {
		name, found := strings.CutPrefix(text, prefix)
		if !found {
			return fmt.Errorf("it begins with %s", prefix)
		}
		if name == "serverless" {
			return nil
		}
		family, size, _ := strings.Cut(name, ".")
		if strings.HasPrefix(size, "metal") || !strings.HasPrefix(family, "t") && size == "medium" {
			return fmt.Errorf("the service has no %s of %s", size, family)
		}
		offered := burstable[1:] // RDS: db.t4g.micro to .2xlarge
		if prefix == "cache." {
			offered = burstable[1:4] // ElastiCache: cache.t4g.micro to .medium
		}
		if _, burst := families[family]; burst && strings.HasPrefix(family, "t") && !slices.Contains(offered, size) {
			return fmt.Errorf("the service has no %s of %s", size, family)
		}
		return brokenSize(name)
	}
}

func brokenSize(name string) error {
	family, size, both := strings.Cut(name, ".")
	if !both || size == "" {
		return fmt.Errorf("want <family>.<size>")
	}
	sizes, known := families[family]
	switch {
	case !known && !newerFamily(family):
		return fmt.Errorf("there is no family %s", family)
	case known && !slices.Contains(sizes, size):
		return fmt.Errorf("%s has no size %s", family, size)
	}
	return nil
}

// familyForm is a family that the table lacks: letters, the generation, and what is
// special about it; or one with its memory or its processor in the name.
var familyForm = regexp.MustCompile(`^([acdfghimnprstxz]|[a-z]{2,4})[1-9][a-z0-9-]*$|^u-\d+tb1$|^u7[a-z]*-\d+tb$`)

func newerFamily(name string) bool { return familyForm.MatchString(name) }
