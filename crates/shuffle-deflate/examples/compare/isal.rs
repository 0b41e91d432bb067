//! ISA-L of Intel, as the system has it.

/// The public head of its `struct isal_zstream`.
#[repr(C)]
struct Head {
    next_in: *const u8,
    avail_in: u32,
    total_in: u32,
    next_out: *mut u8,
    avail_out: u32,
    total_out: u32,
    hufftables: *const u8,
    level: u32,
    level_buf_size: u32,
    level_buf: *mut u8,
    end_of_stream: u16,
    flush: u16,
    gzip_flag: u16,
    hist_bits: u16,
}

#[link(name = "isal")]
unsafe extern "C" {
    fn isal_deflate_init(stream: *mut Head);
    fn isal_deflate(stream: *mut Head) -> i32;
}

/// More than the size of the whole structure, which has a buffer of twice the window.
const STREAM_BYTES: usize = 512 << 10;

/// The largest of the sizes that the header of the library recommends for level 1.
const LEVEL_BYTES: usize = 352 << 10;

/// The value of `gzip_flag` for a zlib stream.
const ZLIB: u16 = 3;

pub struct Isal {
    stream: Vec<u128>,
    level_buffer: Vec<u8>,
    level: u32,
}

impl Isal {
    pub fn new(level: u32) -> Isal {
        Isal {
            stream: vec![0; STREAM_BYTES / size_of::<u128>()],
            level_buffer: vec![0; LEVEL_BYTES],
            level,
        }
    }

    pub fn encode(&mut self, bytes: &[u8], target: &mut [u8]) -> Result<usize, String> {
        let stream = self.stream.as_mut_ptr().cast::<Head>();
        // SAFETY: the buffer is larger than the structure and aligned to 16 bytes.
        unsafe { isal_deflate_init(stream) };
        // SAFETY: the head has been initialised, and nothing else refers to it.
        let head = unsafe { &mut *stream };
        head.next_in = bytes.as_ptr();
        head.avail_in = bytes.len() as u32;
        head.next_out = target.as_mut_ptr();
        head.avail_out = target.len() as u32;
        head.level = self.level;
        head.level_buf = self.level_buffer.as_mut_ptr();
        head.level_buf_size = LEVEL_BYTES as u32;
        head.end_of_stream = 1;
        head.flush = 0;
        head.gzip_flag = ZLIB;
        // SAFETY: all pointers and lengths are those of live slices.
        let result = unsafe { isal_deflate(stream) };
        // SAFETY: the head is still valid.
        let head = unsafe { &*stream };
        if result != 0 || head.avail_in != 0 {
            return Err(format!("ISA-L failed with {result}"));
        }
        Ok(head.total_out as usize)
    }
}
