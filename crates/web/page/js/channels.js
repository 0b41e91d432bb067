// @ts-check
/**
 * Finds channels by the names that a scan uses for them.
 */

/** @import { Channel, DetailedScan } from './types.js' */

/** Most channels that are drawn at once. */
export const MOST_CURVES = 8;

/** @param {string} name */
function lastPart(name) {
    return name.slice(name.lastIndexOf(':') + 1);
}

/**
 * Returns the channel that is meant by a name, which may have another prefix: `axis:samy` and `samy` are the same.
 * @param {Channel[]} channels
 * @param {string | null} name
 * @returns {Channel | undefined}
 */
export function channelNamed(channels, name) {
    if (name === null) {
        return undefined;
    }
    const exact = channels.find(channel => channel.name === name);
    return exact ?? channels.find(channel => lastPart(channel.name) === lastPart(name));
}

/**
 * Returns the names of all channels of a kind that can be drawn.
 * @param {DetailedScan} scan
 * @param {Channel['kind']} kind
 */
export function namesOf(scan, kind) {
    return scan.channels.filter(channel => channel.kind === kind && channel.shown !== false).map(channel => channel.name);
}

/**
 * Returns the names of the channels of numbers that are axes of the scan.
 * @param {DetailedScan} scan
 */
export function axesOf(scan) {
    return distinct([...scan.axes, ...scan.plots.map(plot => plot.x)]
        .map(name => channelNamed(scan.channels, name))
        .filter(channel => channel?.kind === 'number' && channel.shown !== false)
        .map(channel => channel?.name ?? ''));
}

/**
 * Returns the channels that are drawn if nobody has chosen any: those that the scan wants plotted, otherwise the first ones.
 * @param {DetailedScan} scan
 */
export function channelsToPlot(scan) {
    const wanted = scan.plots.flatMap(plot => plot.y)
        .map(name => channelNamed(scan.channels, name))
        .filter(channel => channel?.kind === 'number' && channel.shown !== false)
        .map(channel => channel?.name ?? '');
    const axes = axesOf(scan);
    const measured = namesOf(scan, 'number').filter(name => !axes.includes(name) && !/^(epoch|elapsed_time)$/.test(lastPart(name)));
    const names = wanted.length > 0 ? wanted : measured.slice(0, 2);
    return distinct(names).slice(0, MOST_CURVES);
}

/** @param {string[]} names */
function distinct(names) {
    return [...new Set(names)];
}

/**
 * Returns a short name for each channel: the one that the scan has for people, or its name without the prefix. Names that
 * two channels would have are left long.
 * @param {Channel[]} channels
 * @returns {(name: string) => string}
 */
export function shortNames(channels) {
    const shortNameOf = (/** @type {Channel} */ { name, label }) => label || lastPart(name);
    /** @type {Map<string, number>} */
    const uses = new Map();
    for (const short of channels.map(shortNameOf)) {
        uses.set(short, (uses.get(short) ?? 0) + 1);
    }
    const short = new Map(channels.map(channel => [channel.name, shortNameOf(channel)]));
    return name => {
        const found = short.get(name);
        return found !== undefined && uses.get(found) === 1 ? found : name;
    };
}

/**
 * Returns the short name of each channel, with its unit if it has one: `samy (mm)`.
 * @param {Channel[]} channels
 * @returns {(name: string) => string}
 */
export function namesWithUnits(channels) {
    const shortName = shortNames(channels);
    const units = new Map(channels.map(({ name, unit }) => [name, unit]));
    return name => units.get(name) ? `${shortName(name)} (${units.get(name)})` : shortName(name);
}
