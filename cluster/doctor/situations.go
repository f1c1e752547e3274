package doctor

// situation tells whether it applies, and the verdict if so.
type situation func(*examination) (Status, string, bool)

// situations are all that are known, the worst first. The first that applies
// speaks; the last always does.
func situations() []situation {
	return []situation{
		noContact, forming, majorityLost, manyShardsDown, shardDown, slotsWithoutOwner,
		notTrusted, replaced, disputed, outOfSight, flapping, bare, served,
	}
}
