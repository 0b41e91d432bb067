// @ts-check
/**
 * Says how scans and the writer are, by a symbol and a word. The colour only repeats it.
 */

import { element, icon } from './elements.js';
import { hasEnded } from './types.js';

/** @import { Scan } from './types.js' */

/** @typedef {{word: string, icon: string, tone: 'good' | 'busy' | 'warn' | 'bad' | 'calm'}} Sign */

/** How the writer is. @type {Record<string, Sign>} */
const HEADS = {
    saving: { word: 'Saving', icon: 'saving', tone: 'good' },
    idle: { word: 'Ready', icon: 'good', tone: 'good' },
    waiting: { word: 'Waiting', icon: 'waiting', tone: 'warn' },
    loss: { word: 'Loss', icon: 'bad', tone: 'bad' },
    problem: { word: 'Problem', icon: 'bad', tone: 'bad' },
    stopping: { word: 'Stopping', icon: 'stopping', tone: 'warn' },
};

/** How scans have ended. @type {Record<string, Sign>} */
const OUTCOMES = {
    complete: { word: 'Complete', icon: 'good', tone: 'good' },
    incomplete: { word: 'Incomplete', icon: 'bad', tone: 'bad' },
    failed: { word: 'Failed', icon: 'bad', tone: 'bad' },
    skipped: { word: 'Skipped', icon: 'skipped', tone: 'calm' },
};

/** How scans are that run. @type {Record<string, Sign>} */
const STATES = {
    starting: { word: 'Starting', icon: 'waiting', tone: 'busy' },
    waiting: { word: 'Waiting', icon: 'waiting', tone: 'warn' },
};

/**
 * @param {string} kind
 * @returns {Sign}
 */
export function signOfHead(kind) {
    return HEADS[kind] ?? { word: kind, icon: 'waiting', tone: 'calm' };
}

/**
 * @param {Scan} scan
 * @returns {Sign}
 */
export function signOfScan(scan) {
    if (hasEnded(scan)) {
        return OUTCOMES[scan.outcome] ?? { word: scan.outcome, icon: 'waiting', tone: 'calm' };
    }
    if (scan.lost > 0) {
        return { word: 'Loss', icon: 'bad', tone: 'bad' };
    }
    return STATES[scan.state] ?? { word: 'Saving', icon: 'saving', tone: 'busy' };
}

/**
 * Returns a symbol and a word.
 * @param {Sign} sign
 */
export function badge(sign) {
    return element('span', { class: `badge ${sign.tone}` }, icon(sign.icon), sign.word);
}
