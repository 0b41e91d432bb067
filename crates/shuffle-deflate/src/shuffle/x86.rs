//! The shuffle with SSE2 and AVX2.

pub(super) mod sse2 {
    //! Vectors of 16 bytes.

    use std::arch::x86_64::*;

    crate::shuffle::interleaving_shuffle!("sse2", __m128i, 1);

    #[target_feature(enable = "sse2")]
    #[inline]
    fn zero() -> __m128i {
        _mm_setzero_si128()
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn load(bytes: &[u8], at: usize, _next: usize) -> __m128i {
        let bytes = &bytes[at..at + 16];
        // SAFETY: the slice has 16 bytes.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn store(bytes: &mut [u8], at: usize, _next: usize, vector: __m128i) {
        let bytes = &mut bytes[at..at + 16];
        // SAFETY: the slice has 16 bytes.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) }
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn low(first: __m128i, second: __m128i) -> __m128i {
        _mm_unpacklo_epi8(first, second)
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn high(first: __m128i, second: __m128i) -> __m128i {
        _mm_unpackhi_epi8(first, second)
    }
}

pub(super) mod avx2 {
    //! Vectors of two times 16 bytes, of two groups of elements: AVX2 interleaves each half of a vector alone.

    use std::arch::x86_64::*;

    crate::shuffle::interleaving_shuffle!("avx2", __m256i, 2);

    #[target_feature(enable = "avx2")]
    #[inline]
    fn zero() -> __m256i {
        _mm256_setzero_si256()
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load(bytes: &[u8], at: usize, next: usize) -> __m256i {
        let (first, second) = (&bytes[at..at + 16], &bytes[at + next..at + next + 16]);
        // SAFETY: both slices have 16 bytes.
        unsafe { _mm256_loadu2_m128i(second.as_ptr().cast(), first.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn store(bytes: &mut [u8], at: usize, next: usize, vector: __m256i) {
        let first = &mut bytes[at..at + 16];
        // SAFETY: the slice has 16 bytes.
        unsafe { _mm_storeu_si128(first.as_mut_ptr().cast(), _mm256_castsi256_si128(vector)) };
        let second = &mut bytes[at + next..at + next + 16];
        // SAFETY: the slice has 16 bytes.
        unsafe {
            _mm_storeu_si128(
                second.as_mut_ptr().cast(),
                _mm256_extracti128_si256(vector, 1),
            )
        };
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn low(first: __m256i, second: __m256i) -> __m256i {
        _mm256_unpacklo_epi8(first, second)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn high(first: __m256i, second: __m256i) -> __m256i {
        _mm256_unpackhi_epi8(first, second)
    }
}
