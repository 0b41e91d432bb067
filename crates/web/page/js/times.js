// @ts-check
/**
 * Shows times in the time zone of the viewer, and how long ago they were, by the clock of the server.
 */

import { element, setAttribute, setText } from './elements.js';
import { roughDuration, UNKNOWN } from './format.js';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const CLOCK_WITH_SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DAY_AND_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const FULL = new Intl.DateTimeFormat('sv-SE', {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
});

/** Milliseconds by which the clock of the server is ahead of this computer's. */
let serverIsAhead = 0;

/**
 * Notes what time it is on the server, as the header `Date` of an answer says.
 * @param {string | null} time
 */
export function noteServerTime(time) {
    const server = Date.parse(time ?? '');
    if (!Number.isNaN(server)) {
        const ahead = server - Date.now();
        // The header has whole seconds, so less than two say nothing.
        serverIsAhead = Math.abs(ahead) > 2000 ? ahead : 0;
    }
}

/** Returns the time on the server, in milliseconds since 1970. */
export function serverNow() {
    return Date.now() + serverIsAhead;
}

/**
 * `02:14`, with the day if that is not today's: `29 Nov 02:14`
 * @param {Date} time
 * @param {{seconds?: boolean}} [options]
 */
export function clock(time, { seconds = false } = {}) {
    const text = (seconds ? CLOCK_WITH_SECONDS : CLOCK).format(time);
    const today = new Date(serverNow());
    if (time.toDateString() === today.toDateString()) {
        return text;
    }
    const day = time.getFullYear() === today.getFullYear() ? DAY : DAY_AND_YEAR;
    return `${day.format(time)} ${text}`;
}

/**
 * `2026-11-30 02:14:05 +01:00`
 * @param {Date} time
 */
export function fullTime(time) {
    const minutes = -time.getTimezoneOffset();
    const two = (/** @type {number} */ number) => String(Math.floor(number)).padStart(2, '0');
    const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
    return `${FULL.format(time)} ${offset}`;
}

/** How a time is written. */
const FORMS = {
    /** @param {Date} time */
    clock: time => clock(time),
    /** @param {Date} time */
    seconds: time => clock(time, { seconds: true }),
    /** @param {Date} time */
    since: time => `since ${clock(time)} (${age(time)})`,
    /** @param {Date} time */
    ago: time => `${clock(time)} (${age(time)} ago)`,
};

/** @param {Date} time */
function age(time) {
    return roughDuration((serverNow() - time.getTime()) / 1000);
}

/**
 * Returns an element that shows a time, and stays right while time passes. The full time is in its tool tip.
 * @param {string | null} iso
 * @param {keyof typeof FORMS} [form]
 * @returns {HTMLElement}
 */
export function timeElement(iso, form = 'clock') {
    const made = element('time', {});
    setTime(made, iso, form);
    return made;
}

/**
 * Changes the time that an element shows.
 * @param {HTMLElement} target
 * @param {string | null} iso
 * @param {keyof typeof FORMS} [form]
 */
export function setTime(target, iso, form = 'clock') {
    const time = new Date(iso ?? NaN);
    if (iso === null || Number.isNaN(time.getTime())) {
        target.removeAttribute('datetime');
        target.removeAttribute('title');
        setText(target, UNKNOWN);
        return;
    }
    setAttribute(target, 'datetime', iso);
    setAttribute(target, 'title', fullTime(time));
    target.dataset.form = form;
    setText(target, FORMS[form](time));
}

/** Keeps the ages of all times right. */
export function startClock() {
    setInterval(() => {
        for (const target of document.querySelectorAll('time[data-form]')) {
            if (target instanceof HTMLElement) {
                const form = /** @type {keyof typeof FORMS} */ (target.dataset.form);
                setTime(target, target.getAttribute('datetime'), form);
            }
        }
    }, 1000);
}
