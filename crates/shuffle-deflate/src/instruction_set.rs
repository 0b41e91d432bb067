//! The instructions that the processor offers.

/// A set of instructions that this processor has.
///
/// A value exists only if the processor has these instructions, so that having one is the proof that
/// code which needs them may run. The result of an [`Encoder`](crate::Encoder) does not depend on it,
/// only the speed does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstructionSet(Kind);

/// The sets for which there is code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Portable,
    /// Every x86-64 has it.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// AVX2, BMI1, BMI2, LZCNT and POPCNT, which all came with the same processors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl InstructionSet {
    /// What the compiler makes of code without explicit vectors.
    pub const PORTABLE: InstructionSet = InstructionSet(Kind::Portable);

    /// Returns the fastest set of this processor. The standard library asks the processor only once.
    pub fn detect() -> InstructionSet {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx2() {
                return InstructionSet(Kind::Avx2);
            }
            return InstructionSet(Kind::Sse2);
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return InstructionSet(Kind::Neon);
        }
        #[allow(unreachable_code)]
        InstructionSet::PORTABLE
    }

    /// Returns all sets of this processor for which there is code, the slowest first.
    pub fn available() -> Vec<InstructionSet> {
        let mut sets = vec![InstructionSet::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        sets.push(InstructionSet(Kind::Sse2));
        let best = InstructionSet::detect();
        if !sets.contains(&best) {
            sets.push(best);
        }
        sets
    }

    /// Returns the name: `portable`, `sse2`, `avx2` or `neon`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2 => "sse2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
        }
    }

    /// Returns the set as an `enum`.
    #[inline(always)]
    pub(crate) fn kind(self) -> Kind {
        self.0
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected;

    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Calls a function that is marked `#[inline(always)]`, compiled for the instructions of a set: the
/// compiler translates its body once for any processor and once for those with AVX2 and BMI2.
///
/// The shifts of BMI2 by a variable number of bits are what the loops over bits gain from.
macro_rules! compiled_for {
    ($set:expr, $body:path, ($($name:ident: $type:ty),* $(,)?) $(-> $result:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        if $set.kind() == $crate::instruction_set::Kind::Avx2 {
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn with_avx2($($name: $type),*) $(-> $result)? {
                $body($($name),*)
            }
            // SAFETY: an `InstructionSet` of this kind exists only where the processor has all of these.
            return unsafe { with_avx2($($name),*) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _: $crate::InstructionSet = $set;
        $body($($name),*)
    }};
}
pub(crate) use compiled_for;
