// @ts-check
/**
 * What the server answers. Fields may be added, so nothing here is complete. `null` stands for what is not known.
 *
 * @typedef {{id: string, path: string, entry: string | null}} FileOfScan
 *
 * @typedef {object} RunningScan
 * @property {string} key
 * @property {string | null} session
 * @property {string} name
 * @property {number | null} number
 * @property {string} title
 * @property {string} state starting, saving or waiting
 * @property {string} text what is waited for
 * @property {string} started
 * @property {number} points points of the stream that is furthest behind
 * @property {number | null} expected
 * @property {number | null} points_per_second
 * @property {number | null} bytes
 * @property {number | null} lag_points points that are published and not in the file yet
 * @property {number | null} lag_seconds
 * @property {number | null} margin_seconds time until Redis drops points that are not in the file
 * @property {number | null} remaining_seconds
 * @property {number} lost
 * @property {FileOfScan[]} files
 * @property {string[]} warnings
 *
 * @typedef {object} EndedScan
 * @property {string} key
 * @property {string | null} session
 * @property {string} name
 * @property {number | null} number
 * @property {string} title
 * @property {string} outcome complete, incomplete, failed or skipped
 * @property {string | null} reason
 * @property {string | null} started
 * @property {string} ended
 * @property {number | null} duration_seconds
 * @property {number} points
 * @property {number | null} bytes
 * @property {number} lost
 * @property {FileOfScan[]} files
 * @property {string[]} warnings
 *
 * @typedef {RunningScan | EndedScan} Scan
 *
 * @typedef {object} Channel
 * @property {string} name
 * @property {string} [label] a shorter name for people
 * @property {string | null} unit
 * @property {boolean} [shown] whether the server has values of it
 * @property {(number | null)[]} shape of one point
 * @property {string | null} dtype
 * @property {'number' | 'spectrum' | 'image' | 'other'} kind
 * @property {number | null} published
 * @property {number | null} received
 * @property {number | null} written
 * @property {[number, number][]} lost ranges of points: the first one, and the one behind the last
 *
 * @typedef {object} Grid
 * @property {number[]} shape of the slowest axis first
 * @property {string[]} axes the slowest first
 * @property {boolean} snake
 *
 * @typedef {object} ScanDetails
 * @property {string[]} axes
 * @property {{name: string, x: string | null, y: string[]}[]} plots
 * @property {Grid | null} grid
 * @property {Channel[]} channels
 *
 * @typedef {Scan & ScanDetails} DetailedScan
 *
 * @typedef {object} Curve the lowest and the highest value of each of at most 1,024 groups of points
 * @property {string} name
 * @property {number[]} at index of the first point of each group
 * @property {(number | null)[]} low
 * @property {(number | null)[]} high
 * @property {(number | null)[]} [x_low]
 * @property {(number | null)[]} [x_high]
 * @property {number} seen
 * @property {number} lost points before the last one that are lost
 * @property {number} gaps points that the page's data leave out; the file has them
 *
 * @typedef {object} State
 * @property {number} seq
 * @property {string} time
 * @property {{version: string, commit: string | null, features: string}} build features with commas between them
 * @property {boolean} ready
 * @property {{name: string, ok: boolean, since: string | null, text: string}[]} checks
 * @property {{kind: string, text: string}} head
 * @property {{name: string, state: string, text: string | null, since: string | null}[]} sessions their state is waiting, ready or saving
 * @property {RunningScan[]} scans
 * @property {EndedScan | null} last
 * @property {{connected: boolean, since: string | null, used_bytes: number | null, limit_bytes: number | null}} redis
 * @property {{path: string, free_bytes: number | null}[]} disks
 * @property {number} dropped
 * @property {number} viewers
 *
 * @typedef {{seq: number, time: string, level: string, scan: string | null, text: string}} LogLine
 *
 * @typedef {object} Raster numbers in rows and columns
 * @property {number} rows
 * @property {number} columns
 * @property {Float32Array} values
 * @property {number | null} index point that the numbers belong to
 */

/**
 * Returns `true` if the scan has ended.
 * @param {Scan} scan
 * @returns {scan is EndedScan}
 */
export function hasEnded(scan) {
    return 'outcome' in scan && scan.outcome !== null;
}

/**
 * @typedef {object} FileAbout
 * @property {string} id
 * @property {string} name
 * @property {string} path
 * @property {number | null} size
 * @property {string | null} modified
 * @property {boolean} growing whether a scan is being saved in it
 * @property {{key: string, name: string, session: string | null, entry: string}[]} scans
 * @property {{id: string, path: string}[]} others
 *
 * @typedef {{class: number, dtype: any, size: number, members?: any, base?: any, vlen?: boolean}} TypeAbout
 *
 * What h5grove says of an object or a link.
 * @typedef {object} ObjectAbout
 * @property {string} name
 * @property {'group' | 'dataset' | 'soft_link' | 'external_link' | 'other'} kind
 * @property {{name: string, shape: number[], type: TypeAbout}[]} [attributes]
 * @property {ObjectAbout[]} [children]
 * @property {number[] | null} [shape]
 * @property {number[] | null} [chunks]
 * @property {{id: number, name: string}[] | null} [filters]
 * @property {TypeAbout} [type]
 * @property {string} [target_file]
 * @property {string} [target_path]
 * @property {string} [reason] why a link is not followed
 */
